"""The impure part: reads inventories, keeps the run's folder, drives ansible-runner and the phases of a session."""
