"""The loop of a job session: runs a phase, collects, and decides for which guests the next one is.

prepare -> session (freeze, snapshot, thaw, backup) -> release. The release comes whatever happened before it, also
after a signal; what it could not do stays in the ledger for `guestwright cleanup`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from guestwright.execution.runner import Phase, PhaseEnd, run_phase
from guestwright.execution.workspace import Workspace
from guestwright.ledger import Ledger
from guestwright.planning.model import GuestPlan, Plan
from guestwright.results.collect import GuestRecord, RunFacts, must_release
from guestwright.results.documents import PhaseEvent
from guestwright.results.model import Failure

_FORKS_PER_CORE = 3
_MOST_FORKS = 24

Progress = Callable[[str, PhaseEvent, int, int], None]
"""Called for every result as it comes: phase, event, how many guests have ended it, how many it concerns."""


@dataclass(frozen=True)
class Options:
    """How a session is run. `check` changes nothing; `diff` shows what would change."""

    check: bool = False
    diff: bool = False
    forks: int | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the arguments of `ansible-playbook`."""
        return (*(("--check",) if self.check else ()), *(("--diff",) if self.diff else ()))


@dataclass
class SessionEnd:
    """What a session came to: one record per guest, and what Ansible said where it did not get to a task."""

    records: Mapping[str, GuestRecord]
    facts: RunFacts
    output: list[str] = field(default_factory=list)


def run_session(
    plan: Plan,
    workspace: Workspace,
    ledger: Ledger | None,
    options: Options,
    cancelled: threading.Event,
    progress: Progress,
) -> SessionEnd:
    """Run a job's phases over all its guests; `ledger` is None for a check run, which deploys nothing."""
    loop = _Loop(plan, workspace, options, progress)
    wanted = session_wanted(plan)
    try:
        _process(loop, plan, workspace, cancelled, wanted=wanted)
    finally:
        if not options.check:
            loop.release(ledger)
    facts = RunFacts(session_wanted=wanted, interrupted=cancelled.is_set(), check=options.check)
    return SessionEnd(loop.records, facts, loop.output)


def _process(loop: _Loop, plan: Plan, workspace: Workspace, cancelled: threading.Event, *, wanted: bool) -> None:
    """Prepare the guests, and run the session for those that it is then for."""
    loop.run("prepare", [guest for guest in plan.guests if is_processed(guest)], cancelled)
    if wanted and not cancelled.is_set():
        unprepared = [guest for guest in plan.guests if is_processed(guest) and not loop.prepared(guest)]
        workspace.mark_unprepared(guest.name for guest in unprepared)
        stopped = {guest.name for guest in unprepared if guest.settings.application_processing == "require_success"}
        going_on = [guest for guest in plan.guests if guest.name not in stopped]
        if stopped and plan.job.session.consistency_group == "job":
            loop.give_up(going_on, because=stopped)
        else:
            loop.run("session", going_on, cancelled)


def session_wanted(plan: Plan) -> bool:
    """Return whether anything is to be done between prepare and release."""
    session = plan.job.session
    return bool(session.snapshot or session.backup) or any(_has_something_to_quiesce(guest) for guest in plan.guests)


def forks(guests: int, wanted: int | None) -> int:
    """Return how many workers Ansible gets: a few per core, since each costs memory and more gain nothing."""
    return max(1, min(guests, wanted or min(_MOST_FORKS, _FORKS_PER_CORE * (os.cpu_count() or 1))))


def _has_something_to_quiesce(guest: GuestPlan) -> bool:
    scripts = guest.settings.scripts
    has_scripts = scripts.mode != "disabled" and bool(scripts.pre_freeze or scripts.post_thaw)
    return is_processed(guest) and (bool(guest.settings.applications.filesystems) or has_scripts)


def is_processed(guest: GuestPlan) -> bool:
    """Return whether anything is to be deployed to a guest (domain.md section 6)."""
    return guest.settings.application_processing != "disabled"


class _Loop:
    """The records of a session as its phases fill them."""

    def __init__(self, plan: Plan, workspace: Workspace, options: Options, progress: Progress) -> None:
        self._plan = plan
        self._workspace = workspace
        self._options = options
        self._progress = progress
        self.records = {guest.name: GuestRecord() for guest in plan.guests}
        self.output: list[str] = []

    def prepared(self, guest: GuestPlan) -> bool:
        return self.records[guest.name].outcome("prepare") == "prepared"

    def run(self, phase: str, guests: list[GuestPlan], cancelled: threading.Event) -> None:
        """Run a phase for its guests and keep what it returned."""
        if not guests or cancelled.is_set():
            return
        names = {guest.name for guest in guests}
        ended: set[str] = set()

        def on_event(event: PhaseEvent) -> None:
            if event.guest not in names:
                return
            record = self.records[event.guest]
            record.add(phase, event)
            ended.add(event.guest)
            self._progress(phase, event, len(ended), len(names))

        wanted = self._plan.job.session.parallel if phase == "session" else self._options.forks
        end = run_phase(
            self._workspace,
            Phase(phase, [guest.name for guest in guests], forks(len(guests), wanted), self._options.arguments),
            on_event,
            cancelled,
        )
        self._keep_output(end, missing=len(names) - len(ended))

    def give_up(self, guests: list[GuestPlan], because: set[str]) -> None:
        """Fail the rest of a consistency group of which a guest that must succeed has failed."""
        names = ", ".join(sorted(because))
        for guest in guests:
            message = f"the consistency group is given up, because guest processing must succeed and failed on {names}"
            self.records[guest.name].failures["session"] = Failure("group_failed", message)

    def release(self, ledger: Ledger | None) -> None:
        """Release every guest on which something can be; nothing cancels it."""
        guests = [
            guest
            for guest in self._plan.guests
            if is_processed(guest) and must_release(self.records[guest.name]) and not self._is_released(guest.name)
        ]
        self.run("release", guests, threading.Event())
        if ledger is None:
            return
        waiting = {guest.name for guest in guests}
        released = [name for name in self.records if name not in waiting or self._is_released(name)]
        ledger.mark(self._workspace.run_id, released, "released")
        ledger.mark(self._workspace.run_id, (name for name in self.records if name not in released), "left")

    def _is_released(self, name: str) -> bool:
        return self.records[name].outcome("release") == "released"

    def _keep_output(self, end: PhaseEnd, missing: int) -> None:
        if missing and not end.cancelled:
            self.output += end.output
