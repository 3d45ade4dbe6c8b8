"""From a job file's bytes to a frozen `Job`: positions, schema, logical checks."""
