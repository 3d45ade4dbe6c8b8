"""From a job and an inventory to a plan that explains every decision: pure functions of frozen values."""
