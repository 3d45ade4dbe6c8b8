"""Arguments and printing, without logic: one module per command, each with `add_parser`."""
