"""`guestwright validate`: check jobs, without and with an inventory."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from guestwright.cli.output import tell, write
from guestwright.errors import InvalidFileError, InventoryError, Problem
from guestwright.exit_codes import ExitCode

if TYPE_CHECKING:
    from guestwright.jobs.load import LoadedJob

    _SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

_EPILOG = """\
examples:
  guestwright validate jobs/nightly.yml
  guestwright validate jobs/*.yml -i inventories/production
  guestwright validate --format sarif jobs/*.yml > problems.sarif
  my-generator | guestwright validate -

Every problem is told as file:line:column: message (hint). The exit code is 3 where a job is refused; warnings refuse
nothing. Patterns and proxies are checked only against an inventory.
"""
_FORMATS = ("text", "json", "github", "sarif")


def add_parser(subparsers: _SubParsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "validate",
        help="check jobs",
        description="Check jobs against the schema, and their settings against each other.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("jobs", nargs="+", metavar="JOB", help="a job, a YAML file; - reads standard input")
    parser.add_argument(
        "-i",
        "--inventory",
        action="append",
        default=[],
        metavar="INVENTORY",
        help="check patterns and proxies against this Ansible inventory; may be given several times",
    )
    parser.add_argument("--format", choices=_FORMATS, default="text", help="how problems are told (default: text)")
    parser.set_defaults(handler=_validate)


def _validate(arguments: argparse.Namespace) -> ExitCode:
    from guestwright.reports.problems import render_problems, summary_line

    jobs: list[LoadedJob] = []
    problems: list[Problem] = []
    refused: InventoryError | None = None
    paths = list(dict.fromkeys(arguments.jobs))
    for path in paths:
        job, found = _check(path)
        problems += found
        jobs += [job] if job else []
    if arguments.inventory and jobs:
        try:
            problems += _check_against(arguments.inventory, jobs)
        except InventoryError as error:
            refused = error
    write([render_problems(problems, arguments.format)])
    if refused:
        raise refused
    tell(summary_line(len(paths), problems))
    return ExitCode.INVALID if any(each.severity == "error" for each in problems) else ExitCode.SUCCESS


def _check(path: str) -> tuple[LoadedJob | None, tuple[Problem, ...]]:
    from guestwright.jobs.read import read_file
    from guestwright.jobs.validation import check_job

    try:
        return check_job(path, read_file(path))
    except InvalidFileError as error:
        return None, error.problems


def _check_against(sources: Sequence[str], jobs: Sequence[LoadedJob]) -> list[Problem]:
    from guestwright.execution.inventory import read_inventory
    from guestwright.jobs.checks import check_against_inventory

    inventory = read_inventory(sources, [entry.hosts for loaded in jobs for entry in loaded.job.guests])
    return [each for loaded in jobs for each in check_against_inventory(loaded.job, inventory, loaded.document)]
