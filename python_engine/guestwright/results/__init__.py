"""From runner events to an outcome per guest; a guest without a final result has failed."""
