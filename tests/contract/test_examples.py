"""The example jobs and the example inventory belong together."""

from __future__ import annotations

from pathlib import Path

from guestwright.execution.inventory import read_inventory
from guestwright.jobs.checks import check_against_inventory
from guestwright.jobs.load import parse_job

ROOT = Path(__file__).parents[2]
OF_THE_LAB = {"demo.yml", "demo-without-root.yml"}


def test_every_example_fits_the_example_inventory() -> None:
    files = [file for file in sorted((ROOT / "playbooks/jobs").glob("*.yml")) if file.name not in OF_THE_LAB]
    jobs = [parse_job(file.name, file.read_bytes()) for file in files]
    assert len(jobs) >= 4
    patterns = [entry.hosts for loaded in jobs for entry in loaded.job.guests]
    inventory = read_inventory([str(ROOT / "inventories/example")], patterns)
    problems = [each for loaded in jobs for each in check_against_inventory(loaded.job, inventory, loaded.document)]
    assert problems == []
