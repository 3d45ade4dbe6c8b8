"""From a plan to the files of an ansible-runner private data dir: pure and deterministic (design.md section 3)."""
