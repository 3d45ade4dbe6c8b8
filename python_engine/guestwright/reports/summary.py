"""What every report says first of a run: outcome, counts, order of the guests and how long it took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from guestwright.exit_codes import ExitCode
from guestwright.reports.advice import EXIT_CODE_MEANINGS
from guestwright.reports.words import count, one_line
from guestwright.results.model import GuestResult, Leftover, Result, Status

STATUSES: tuple[Status, ...] = ("failed", "degraded", "skipped", "success")
"""Every status, the one that needs the reader first in front."""

PHASES = ("prepare", "freeze", "snapshot", "thaw", "backup", "collect", "release")
"""The phases that design.md names, in the order in which they run."""

UNPROVEN = "unproven"
"""The kind of a leftover that only says that the release could not look."""


@dataclass(frozen=True)
class Summary:
    """The head of a report.

    Attributes:
        outcome: a few words, such as `Success`, `Degraded`, `Failed`, `Leftovers found` or `Interrupted`.
        status: the status whose colour the outcome has.
        meaning: what the exit code says.
        counts: how many guests there are of each status, in the order of `STATUSES`.
        seconds: from start to finish; None where the times cannot be read.
        longest_freeze: the guest that stood still longest; None where none was frozen.
    """

    outcome: str
    status: Status
    meaning: str
    counts: dict[Status, int]
    seconds: float | None
    longest_freeze: GuestResult | None


def summarise(result: Result) -> Summary:
    """Count and judge a result."""
    found = Counter(guest.status for guest in result.guests.values())
    frozen = [guest for guest in result.guests.values() if guest.freeze is not None]
    outcome, status = _outcome(result, found)
    return Summary(
        outcome=outcome,
        status=status,
        meaning=EXIT_CODE_MEANINGS[result.exit_code],
        counts={name: found[name] for name in STATUSES},
        seconds=_seconds_between(result.started, result.finished),
        longest_freeze=max(frozen, key=lambda guest: guest.freeze.seconds if guest.freeze else 0.0, default=None),
    )


def leftovers_sentence(result: Result) -> str:
    """Return what is known of leftovers, and on how many guests it was looked for; no full stop at its end."""
    guests = result.guests.values()
    found = sum(leftover.kind != UNPROVEN for guest in guests for leftover in guest.leftovers)
    unproven = [guest for guest in guests if any(leftover.kind == UNPROVEN for leftover in guest.leftovers)]
    checked = sum("release" in guest.phases and guest not in unproven for guest in guests)
    if result.check and not found:
        return "Nothing was deployed"
    head = f"{count(found, 'leftover') if found else 'No leftovers'} found"
    tail = f", {len(unproven)} could not be asked" if unproven else ""
    return f"{head}; {checked} of {count(len(guests), 'guest')} checked{tail}"


def leftover_words(leftover: Leftover) -> str:
    """Return a leftover as a line of a list says it."""
    if leftover.kind == UNPROVEN:
        return f"not proven: {one_line(leftover.path)}"
    return f"left on the guest: {one_line(leftover.kind)} {one_line(leftover.path)}"


def consistency_words(guest: GuestResult) -> str:
    """Return `application-consistent`, `crash-consistent` or `no consistency reached`."""
    return "no consistency reached" if guest.consistency == "none" else f"{guest.consistency}-consistent"


def worst_first(result: Result) -> list[GuestResult]:
    """Return the guests, those that need the reader first; within a status in the plan's order."""
    return sorted(result.guests.values(), key=lambda guest: STATUSES.index(guest.status))


def ordered_phases(guest: GuestResult) -> list[tuple[str, float]]:
    """Return the guest's phases with their seconds in the order in which they run; unknown ones at the end."""
    rank = {phase: position for position, phase in enumerate(PHASES)}
    return sorted(guest.phases.items(), key=lambda item: rank.get(item[0], len(PHASES)))


def method_and_route(guest: GuestResult) -> str:
    """Return `runtime over admin`; empty where the guest was not reached by any method."""
    return f"{guest.method} over {guest.route}" if guest.method and guest.route else ""


def _outcome(result: Result, found: Counter[Status]) -> tuple[str, Status]:
    if result.interrupted or result.exit_code is ExitCode.INTERRUPTED:
        return "Interrupted", "failed"
    if result.exit_code is ExitCode.LEFTOVERS:
        proved = any(leftover.kind != UNPROVEN for guest in result.guests.values() for leftover in guest.leftovers)
        return "Leftovers found" if proved else "Leftovers not ruled out", "failed"
    if found["failed"] or result.exit_code not in {ExitCode.SUCCESS, ExitCode.CHANGES_PENDING, ExitCode.DEGRADED}:
        return "Failed", "failed"
    if found["degraded"]:
        return "Degraded", "degraded"
    if result.exit_code is ExitCode.CHANGES_PENDING:
        return "Changes pending", "skipped"
    if found["skipped"] and not found["success"]:
        return "Skipped", "skipped"
    return "Success", "success"


def _seconds_between(started: str, finished: str) -> float | None:
    try:
        return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    except (ValueError, TypeError):
        return None
