"""`guestwright cleanup`: finishes what a killed controller left."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from guestwright.cli.output import tell, write
from guestwright.errors import GuestwrightError
from guestwright.exit_codes import ExitCode, worst

if TYPE_CHECKING:
    from guestwright.execution.cleanup import CleanedRun

    _SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

_EPILOG = """\
examples:
  guestwright cleanup --orphans
  guestwright cleanup --orphans -i inventories/production

The first finishes the runs of this backup server's ledger whose engine is gone. The second also asks every host of the
inventory for components that no ledger knows.
"""


def add_parser(subparsers: _SubParsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "cleanup",
        help="finish what a killed run left",
        description="Stop what still runs of killed runs, thaw and release their guests, and prove it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--orphans", action="store_true", required=True, help="what runs left whose engine is gone")
    parser.add_argument(
        "-i", "--inventory", action="append", metavar="INVENTORY", help="also look on the hosts of this inventory"
    )
    parser.add_argument("-l", "--limit", metavar="PATTERN", default="all", help="with -i: only on these hosts")
    parser.add_argument(
        "--all-servers", action="store_true", help="with -i: also remove what other backup servers' runs left"
    )
    parser.set_defaults(handler=_cleanup)


def _cleanup(arguments: argparse.Namespace) -> ExitCode:
    from guestwright.execution.cleanup import clean_run, cleanup_exit_code
    from guestwright.execution.locks import cleaning
    from guestwright.execution.orphans import OrphanSearch, remove_orphans
    from guestwright.execution.run import LEDGER
    from guestwright.execution.signals import cancel_on_signal
    from guestwright.execution.workspace import state_folder
    from guestwright.ledger import open_ledger
    from guestwright.reports.progress import event_line

    state = state_folder(os.environ)
    with cancel_on_signal(tell) as cancelled, cleaning(state, tell), open_ledger(state / LEDGER) as ledger:
        progress = lambda *event: tell(event_line(*event))  # noqa: E731
        cleaned = [clean_run(ledger, run, progress, cancelled) for run in ledger.unfinished()]
        lines = [line for run in cleaned for line in _lines(run)]
        codes = [cleanup_exit_code(cleaned)]
        if arguments.inventory and not cancelled.is_set():
            request = OrphanSearch(arguments.inventory, arguments.limit, all_servers=arguments.all_servers)
            found = remove_orphans(ledger, state, request, cancelled)
            lines += found.lines
            codes.append(found.exit_code)
        if not cleaned and not arguments.inventory:
            lines.append("nothing to clean up: the ledger has no unfinished run")
    try:
        write(f"{line}\n" for line in lines)
    except (GuestwrightError, OSError) as error:
        tell(f"the report is not complete: {error}")
    return ExitCode.INTERRUPTED if cancelled.is_set() else worst(codes)


def _lines(run: CleanedRun) -> Iterator[str]:
    if run.running:
        yield f"{run.run_id} ({run.job}): still running, left alone"
        return
    yield f"{run.run_id} ({run.job}): {run.stopped} processes stopped, {len(run.released)} guests released"
    for guest, leftovers in run.left.items():
        yield f"  {guest}: left: " + ", ".join(f"{item.kind} {item.path}" for item in leftovers)
    for guest, reason in run.failed.items():
        yield f"  {guest}: not released: {reason}"
