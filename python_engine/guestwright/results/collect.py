"""What the phases returned becomes one outcome per guest and one exit code: pure (design.md section 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from guestwright.exit_codes import ExitCode, worst
from guestwright.planning.model import GuestPlan
from guestwright.results.documents import PhaseEvent
from guestwright.results.model import (
    Consistency,
    Failure,
    FreezeWindow,
    GuestResult,
    Leftover,
    Status,
)

_PHASES = ("prepare", "session", "release")


@dataclass
class GuestRecord:
    """What the phases returned of one guest so far, in the order in which it came.

    Attributes:
        documents: the last document by phase.
        failures: by phase, a failure that came without a document.
    """

    documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)

    def add(self, phase: str, event: PhaseEvent) -> None:
        """Take in one event of a phase; a document says itself of which phase it is."""
        if event.document is not None:
            self.documents[str(event.document["phase"])] = event.document
        else:
            self.failures[phase] = Failure("no_route" if event.unreachable else "internal", event.message)

    def outcome(self, phase: str) -> str | None:
        """Return what a phase came to; None where it did not say."""
        if phase in self.failures:
            return "failed"
        document = self.documents.get(phase)
        return str(document["outcome"]) if document is not None else None

    def error(self, phase: str) -> Failure | None:
        """Return why a phase failed; None where it did not."""
        if phase in self.failures:
            return self.failures[phase]
        error = self.documents.get(phase, {}).get("error")
        return Failure(str(error["code"]), str(error["message"])) if error else None


@dataclass(frozen=True)
class RunFacts:
    """What holds for the whole run.

    Attributes:
        session_wanted: the job has a session phase for its guests.
        interrupted: a signal ended it.
        check: nothing was to be changed.
    """

    session_wanted: bool
    interrupted: bool = False
    check: bool = False


def must_release(record: GuestRecord) -> bool:
    """Return whether something of ours can be on the guest: anything but a prepare that no route answered."""
    error = record.error("prepare")
    return record.outcome("prepare") != "skipped" and not (error is not None and error.code == "no_route")


def guest_result(plan: GuestPlan, record: GuestRecord, facts: RunFacts) -> GuestResult:
    """Return the outcome of one guest."""
    error = _first_error(plan, record, facts)
    leftovers = _leftovers(record)
    prepare = record.documents.get("prepare", {})
    session = record.documents.get("session", {})
    return GuestResult(
        name=plan.name,
        status=_status(plan, record, facts, error),
        method=prepare.get("method", plan.method),
        route=prepare.get("route", plan.route),
        deployer=plan.deployer,
        consistency=_consistency(record),
        trace=tuple(prepare.get("trace", plan.trace)),
        guest_reconnects=sum(int(record.documents.get(phase, {}).get("reconnects", 0)) for phase in _PHASES),
        phases=_seconds(record),
        freeze=_freeze(session.get("freeze")),
        leftovers=leftovers,
        warnings=_texts(record, "warnings"),
        changes=_texts(record, "changes") if facts.check else (),
        error=error,
    )


def exit_code(
    guests: Iterable[GuestResult], *, interrupted: bool, fail_on_degraded: bool, tell_changes: bool = False
) -> ExitCode:
    """Return what the run exits with: the worst of all guests."""

    def codes() -> Iterable[ExitCode]:
        if interrupted:
            yield ExitCode.INTERRUPTED
        for guest in guests:
            if guest.leftovers:
                yield ExitCode.LEFTOVERS
            if guest.status == "failed":
                no_route = guest.error is not None and guest.error.code == "no_route"
                yield ExitCode.NO_ROUTE if no_route else ExitCode.GUEST_FAILED
            if guest.status == "degraded" and fail_on_degraded:
                yield ExitCode.DEGRADED
            if tell_changes and guest.changes:
                yield ExitCode.CHANGES_PENDING

    return worst(codes())


def _first_error(plan: GuestPlan, record: GuestRecord, facts: RunFacts) -> Failure | None:
    """Return the first thing that went wrong; a phase that should have ended and did not is one too.

    A failed preparation that the job ignores does not hide a failed backup.
    """
    ignored = plan.settings.application_processing == "ignore_failures"
    if ignored and record.error("prepare") and (failed := record.error("session")):
        return failed
    for phase in _PHASES:
        if error := record.error(phase):
            return error
        if record.outcome(phase) is None and _expected(phase, plan, record, facts):
            if facts.interrupted:
                return Failure("interrupted", f"the run was interrupted before the guest's {phase} had ended")
            return Failure("no_final_result", f"the guest's {phase} ended without a result")
    return None


def _expected(phase: str, plan: GuestPlan, record: GuestRecord, facts: RunFacts) -> bool:
    """Return whether a guest that has come so far owes a result of the phase."""
    if phase == "prepare":
        return plan.settings.application_processing != "disabled"
    if phase == "session":
        return facts.session_wanted
    return not facts.check and plan.settings.application_processing != "disabled" and must_release(record)


def _status(plan: GuestPlan, record: GuestRecord, facts: RunFacts, error: Failure | None) -> Status:
    mode = plan.settings.application_processing
    if error is None:
        nothing_tried = mode == "disabled" and record.outcome("session") in (None, "skipped")
        if nothing_tried:
            return "skipped"
        return "degraded" if _degraded(record, mode) else "success"
    if _leftovers(record) or error.code in ("interrupted", "no_final_result"):
        return "failed"
    session_done = record.outcome("session") == "done" or not facts.session_wanted
    return "degraded" if mode == "ignore_failures" and session_done else "failed"


def _degraded(record: GuestRecord, mode: str) -> bool:
    """Return whether guest processing was wanted and the backup is only crash-consistent nevertheless."""
    return mode != "disabled" and record.documents.get("session", {}).get("consistency") == "crash"


def _consistency(record: GuestRecord) -> Consistency:
    consistency = record.documents.get("session", {}).get("consistency", "none")
    return consistency if consistency in ("application", "crash") else "none"


def leftovers_of(record: GuestRecord) -> tuple[Leftover, ...]:
    """Return what the release found on the guest."""
    document = record.documents.get("release", {})
    return tuple(Leftover(str(item["kind"]), str(item["path"])) for item in document.get("leftovers", ()))


def _leftovers(record: GuestRecord) -> tuple[Leftover, ...]:
    """Return what the release found; where it could not look, that something may still be there."""
    found = leftovers_of(record)
    if not found and record.outcome("release") == "failed":
        return (Leftover("unproven", "the guest could not be asked whether anything was left"),)
    return found


def _seconds(record: GuestRecord) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for phase in _PHASES:
        took = record.documents.get(phase, {}).get("seconds")
        if isinstance(took, Mapping):
            seconds |= {str(name): float(value) for name, value in took.items()}
        elif took is not None:
            seconds[phase] = float(took)
    return seconds


def _freeze(window: Mapping[str, Any] | None) -> FreezeWindow | None:
    if not window:
        return None
    return FreezeWindow(tuple(window["file_systems"]), float(window["seconds"]), bool(window["held"]))


def _texts(record: GuestRecord, key: str) -> tuple[str, ...]:
    return tuple(str(text) for phase in _PHASES for text in record.documents.get(phase, {}).get(key, ()))
