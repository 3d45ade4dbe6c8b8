"""What several commands share: the arguments that name a job and its inventory, and how they are read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from guestwright.jobs.load import LoadedJob, parse_job
from guestwright.jobs.read import read_file
from guestwright.planning.model import Assumptions, Plan


@dataclass(frozen=True)
class PlannedJob:
    """A plan, with the job and the places in its file for later messages."""

    loaded: LoadedJob
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
    job_path: str, sources: Sequence[str], limit: str | None, assumptions_path: str | None = None
) -> PlannedJob:
    """Read a job, its inventory and the assumptions, and plan.

    Raises:
        InvalidFileError: the job or the assumptions are wrong, or the job does not fit the inventory.
        InventoryError: the inventory is wrong.
    """
    from guestwright.execution.inventory import read_inventory
    from guestwright.jobs.assumptions import load_assumptions
    from guestwright.planning.plan import plan_job

    loaded = parse_job(job_path, read_file(job_path))
    assumed = load_assumptions(assumptions_path, read_file(assumptions_path)) if assumptions_path else Assumptions()
    patterns = [entry.hosts for entry in loaded.job.guests] + ([limit] if limit else [])
    inventory = read_inventory(sources, patterns)
    return PlannedJob(loaded, plan_job(loaded.job, inventory, assumed, limit))
