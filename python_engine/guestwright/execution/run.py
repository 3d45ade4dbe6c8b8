"""A whole run: workspace, ledger, session, result. The one place that knows in which order they are made and closed."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from guestwright.execution.locks import beginning
from guestwright.execution.processes import start_time
from guestwright.execution.runner import close_connections
from guestwright.execution.session import Options, Progress, SessionEnd, is_processed, run_session
from guestwright.execution.signals import cancel_on_signal
from guestwright.execution.workspace import Workspace, create_workspace, new_run_id, run_folder
from guestwright.ledger import Ledger, LedgerRun, open_ledger
from guestwright.planning.model import Plan
from guestwright.results.collect import exit_code, guest_result
from guestwright.results.model import Result

LEDGER = "ledger.sqlite3"


@dataclass(frozen=True)
class RunRequest:
    """What is to be run.

    Attributes:
        plan: the decisions.
        render: renders the project of a session, given its name.
        state: the folder of ledger and runs.
        options: check, diff, forks.
        fail_on_degraded: a degraded guest makes the exit code 7.
        detailed_exit_code: changes that a check run finds make the exit code 2.
        notes: what the report's reader must know of the run as a whole.
    """

    plan: Plan
    render: Callable[[str], Mapping[str, bytes]]
    state: Path
    options: Options
    fail_on_degraded: bool = False
    detailed_exit_code: bool = False
    notes: tuple[str, ...] = ()


def run(request: RunRequest, progress: Progress, tell: Callable[[str], None]) -> Result:
    """Run a job to its result; a signal ends it cleanly.

    Args:
        request: what is to be run.
        progress: called for every result of every guest as it comes.
        tell: called with a line for the user.

    Raises:
        GuestwrightError: the ledger cannot be written, or Ansible cannot be started; nothing was deployed then.
    """
    started = _now()
    run_id = new_run_id(started)
    with cancel_on_signal(tell) as cancelled, open_ledger(request.state / LEDGER) as ledger:
        with beginning(request.state, tell):
            ledger.begin(ledger_entry(run_id, request.plan.job.name, request.state, started))
        workspace = create_workspace(run_id, request.state, request.render(run_id))
        try:
            if not request.options.check:
                ledger.plan(run_id, (guest.name for guest in request.plan.guests if is_processed(guest)))
            journal = None if request.options.check else ledger
            end = run_session(request.plan, workspace, journal, request.options, cancelled, progress)
        finally:
            _close(ledger, workspace)
    for line in end.output:
        tell(line)
    return _result(request, run_id, started, end)


def ledger_entry(run_id: str, job: str, state: Path, started: datetime.datetime) -> LedgerRun:
    """Return what the ledger has to know of a run of this process."""
    return LedgerRun(
        run_id=run_id,
        job=job,
        started=started.isoformat(timespec="seconds"),
        folder=str(run_folder(state, run_id)),
        pid=os.getpid(),
        process_start=start_time(os.getpid()) or "",
    )


def _close(ledger: Ledger, workspace: Workspace) -> None:
    """End the connections; keep the workspace only where `cleanup` will need it."""
    close_connections(workspace)
    workspace.remove_scratch()
    ledger.finish(workspace.run_id)
    if not ledger.pending(workspace.run_id):
        workspace.remove()


def _result(request: RunRequest, run_id: str, started: datetime.datetime, end: SessionEnd) -> Result:
    guests = {plan.name: guest_result(plan, end.records[plan.name], end.facts) for plan in request.plan.guests}
    return Result(
        run_id=run_id,
        job=request.plan.job.name,
        exit_code=exit_code(
            guests.values(),
            interrupted=end.facts.interrupted,
            fail_on_degraded=request.fail_on_degraded,
            tell_changes=request.detailed_exit_code and request.options.check,
        ),
        started=started.isoformat(timespec="seconds"),
        finished=_now().isoformat(timespec="seconds"),
        guests=guests,
        interrupted=end.facts.interrupted,
        check=request.options.check,
        notes=request.notes,
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
