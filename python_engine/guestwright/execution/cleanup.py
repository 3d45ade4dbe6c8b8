"""Finishes what a killed controller left: on this machine, and on the guests that its ledger names.

A run that is taken over gets a tombstone first, in the ledger and in its workspace: a `prepare` of it that is still on
its way refuses then. Every process that the run started on this machine is stopped before a guest is released, so
nothing deploys behind the release.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from guestwright.errors import GuestwrightError
from guestwright.execution.processes import start_time, stop_run
from guestwright.execution.runner import Phase, close_connections, run_phase
from guestwright.execution.session import Progress, forks
from guestwright.execution.workspace import Workspace, make_scratch, workspace_of
from guestwright.exit_codes import ExitCode, worst
from guestwright.ledger import Ledger, LedgerRun
from guestwright.results.collect import GuestRecord, leftovers_of
from guestwright.results.documents import PhaseEvent
from guestwright.results.model import Leftover


@dataclass
class CleanedRun:
    """What `cleanup` did for one run.

    Attributes:
        run_id: the run.
        job: its job.
        running: its engine is alive, so nothing was done.
        stopped: processes of it that were ended on this machine.
        released: guests that are proved clean now.
        left: what is still on a guest, by guest.
        failed: why a guest could not be released, by guest.
    """

    run_id: str
    job: str
    running: bool = False
    stopped: int = 0
    released: list[str] = field(default_factory=list)
    left: dict[str, tuple[Leftover, ...]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def is_running(run: LedgerRun) -> bool:
    """Return whether the engine of a run is alive: the same process, not a later one with its number."""
    return bool(run.process_start) and start_time(run.pid) == run.process_start


def clean_run(ledger: Ledger, run: LedgerRun, progress: Progress, cancelled: threading.Event) -> CleanedRun:
    """Take over one unfinished run: bury it, stop its processes, release its guests, close it."""
    cleaned = CleanedRun(run.run_id, run.job)
    if is_running(run):
        cleaned.running = True
        return cleaned
    workspace = workspace_of(run.run_id, Path(run.folder))
    ledger.bury(run.run_id)
    if workspace.tombstone.parent.is_dir():
        workspace.tombstone.touch(mode=0o600)
    cleaned.stopped = stop_run(run.run_id)
    guests = ledger.pending(run.run_id)
    if guests and not workspace.tombstone.exists():
        reason = f"its workspace {workspace.folder} is gone; use `guestwright cleanup --orphans -i INVENTORY`"
        cleaned.failed = dict.fromkeys(guests, reason)
        return cleaned
    try:
        if guests:
            workspace = make_scratch(workspace)
            _release(ledger, workspace, guests, cleaned, progress, cancelled)
    except (GuestwrightError, OSError) as error:
        cleaned.failed = dict.fromkeys(ledger.pending(run.run_id), str(error))
    finally:
        close_connections(workspace)
        workspace.remove_scratch()
        if not ledger.pending(run.run_id):
            workspace.remove()
    return cleaned


def _release(
    ledger: Ledger,
    workspace: Workspace,
    guests: Sequence[str],
    cleaned: CleanedRun,
    progress: Progress,
    cancelled: threading.Event,
) -> None:
    """Run the release for a run's pending guests and write down what became of each."""
    records = {guest: GuestRecord() for guest in guests}
    ended: set[str] = set()

    def on_event(event: PhaseEvent) -> None:
        if record := records.get(event.guest):
            record.add("release", event)
            ended.add(event.guest)
            progress("release", event, len(ended), len(records))

    run_phase(workspace, Phase("release", guests, forks(len(guests), None)), on_event, cancelled)
    for guest, record in records.items():
        if record.outcome("release") == "released":
            cleaned.released.append(guest)
        elif leftovers := leftovers_of(record):
            cleaned.left[guest] = leftovers
        else:
            error = record.error("release")
            cleaned.failed[guest] = error.message if error else "the release ended without a result"
    ledger.mark(workspace.run_id, cleaned.released, "released")
    ledger.mark(workspace.run_id, [*cleaned.left, *cleaned.failed], "left")


def cleanup_exit_code(cleaned: Sequence[CleanedRun]) -> ExitCode:
    """Return 6 where something is known to be left, 5 where a guest could not be asked, else 0."""
    codes = [ExitCode.LEFTOVERS for run in cleaned if run.left]
    codes += [ExitCode.NO_ROUTE for run in cleaned if run.failed]
    return worst(codes)
