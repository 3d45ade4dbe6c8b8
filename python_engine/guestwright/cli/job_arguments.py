"""What several commands share: the arguments that name a job and its inventory, and how they are read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from guestwright.jobs.load import read_job
from guestwright.jobs.model import Job
from guestwright.planning.model import Assumptions, Inventory, Plan


@dataclass(frozen=True)
class PlannedJob:
    """A job with the inventory that was read for it, and its plan."""

    job: Job
    inventory: Inventory
    plan: Plan


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Add JOB, `--inventory` and `--limit`."""
    parser.add_argument("job", metavar="JOB", help="the job definition, a YAML file; - reads standard input")
    parser.add_argument(
        "-i",
        "--inventory",
        action="append",
        required=True,
        metavar="INVENTORY",
        help="an Ansible inventory, file or folder; may be given several times",
    )
    parser.add_argument("-l", "--limit", metavar="PATTERN", help="only the guests that match this Ansible pattern")


def read_and_plan(
    job_path: str, sources: Sequence[str], limit: str | None, assumptions: Assumptions | None = None
) -> PlannedJob:
    """Read a job and its inventory, and plan it.

    Raises:
        InvalidFileError: the job is wrong, or does not fit the inventory.
        InventoryError: the inventory is wrong.
    """
    from guestwright.execution.inventory import read_inventory
    from guestwright.planning.plan import plan_job

    job = read_job(job_path)
    patterns = [entry.hosts for entry in job.guests] + ([limit] if limit else [])
    inventory = read_inventory(sources, patterns)
    plan = plan_job(job, inventory, assumptions or Assumptions(), limit)
    return PlannedJob(job, inventory, plan)
