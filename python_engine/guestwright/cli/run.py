"""`guestwright run`: a job session from prepare to release, and its report."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from guestwright.cli.job_arguments import add_job_arguments, read_and_plan
from guestwright.cli.output import tell, write
from guestwright.errors import GuestwrightError
from guestwright.exit_codes import ExitCode

if TYPE_CHECKING:
    from guestwright.results.documents import PhaseEvent
    from guestwright.results.model import Result

    _SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

_EPILOG = """\
examples:
  guestwright run jobs/nightly.yml -i inventories/production
  guestwright run jobs/nightly.yml -i inventories/production --check --diff
  guestwright run jobs/nightly.yml -i inventories/production --limit 'web*' --report nightly.html --report junit.xml
  guestwright run jobs/nightly.yml -i inventories/production --format json > result.json

Ctrl-C thaws and releases every guest before it ends.
What a killed run leaves, `guestwright cleanup --orphans` finishes.
"""


def add_parser(subparsers: _SubParsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "run",
        help="run the job on its guests",
        description="Run a job session from prepare to release, and report what was proved.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_job_arguments(parser)
    parser.add_argument("-C", "--check", action="store_true", help="change nothing: ask the guests what would be done")
    parser.add_argument("-D", "--diff", action="store_true", help="show what changes on the guests")
    parser.add_argument("-f", "--forks", type=_positive, metavar="N", help="guests that are prepared at a time")
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="also write a report; the suffix chooses: .json, .xml (JUnit), .html, .md, .prom; may be repeated",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="what standard output gets at the end; all else goes to standard error",
    )
    parser.add_argument("--fail-on", choices=("degraded",), help="exit with 7 where a guest is only crash-consistent")
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="with --check: exit with 2 where a run would change something"
    )
    parser.add_argument("--note", action="append", default=[], metavar="TEXT", help="a line for the report's reader")
    parser.set_defaults(handler=_run)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def _run(arguments: argparse.Namespace) -> ExitCode:
    from guestwright.errors import InvalidFileError, UsageError
    from guestwright.execution.run import RunRequest, run
    from guestwright.execution.session import Options
    from guestwright.execution.sources import collection_files, inventory_files
    from guestwright.execution.workspace import state_folder
    from guestwright.jobs.checks import not_carried_out
    from guestwright.rendering.project import render_project
    from guestwright.reports import format_name

    for report in arguments.report:
        format_name(report.suffix)
        if not os.access(report.parent, os.W_OK):
            raise UsageError(f"{report} cannot be written: its folder does not exist or may not be written")
    planned = read_and_plan(arguments.job, arguments.inventory, arguments.limit)
    if problems := not_carried_out(planned.loaded.job, planned.loaded.document):
        raise InvalidFileError(problems)
    request = RunRequest(
        plan=planned.plan,
        render=partial(render_project, planned.plan, inventory_files(arguments.inventory), collection_files()),
        state=state_folder(os.environ),
        options=Options(check=arguments.check, diff=arguments.diff, forks=arguments.forks),
        fail_on_degraded=arguments.fail_on == "degraded",
        detailed_exit_code=arguments.detailed_exitcode,
        notes=tuple(arguments.note),
    )
    result = run(request, _print_progress, tell)
    try:
        _report(result, arguments)
    except (GuestwrightError, OSError) as error:
        tell(f"the report is not complete: {error}")
    return result.exit_code


def _print_progress(phase: str, event: PhaseEvent, done: int, total: int) -> None:
    from guestwright.reports.progress import event_line

    tell(event_line(phase, event, done, total))
    if event.difference:
        tell(event.difference.rstrip())


def _report(result: Result, arguments: argparse.Namespace) -> None:
    from guestwright.reports import render_report, text

    for report in arguments.report:
        _replace(report, render_report(result, report.suffix))
        tell(f"report: {report}")
    if arguments.format == "text":
        colour = sys.stdout is not None and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        write([text.render(result, shutil.get_terminal_size().columns, colour)])
    else:
        write([render_report(result, arguments.format)])
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if arguments.format == "github" and summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(render_report(result, ".md"))


def _replace(path: Path, content: str) -> None:
    """Write a report at once: a collector that reads the folder at any time must not find half of one."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(path)
