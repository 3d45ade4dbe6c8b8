"""Guests on this machine for demo, tests, rehearsals and the benchmark (design.md section 7)."""
