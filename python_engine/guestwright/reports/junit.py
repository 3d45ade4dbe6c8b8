"""The result as JUnit XML, as Jenkins and GitLab read it: one test case per guest and phase.

GitLab shows the class name as the suite and ignores a second test of the same name, so the class name is the guest
and every test's name is unique in the report. It also shows an element's text and not its `message`, so both are set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from guestwright.reports.advice import advice_for
from guestwright.reports.summary import (
    STATUSES,
    consistency_words,
    leftover_words,
    method_and_route,
    ordered_phases,
    summarise,
)
from guestwright.reports.words import duration, one_line, printable
from guestwright.results.model import GuestResult, Result

_WHOLE = "guest processing"
"""The test case of what belongs to no single phase."""


@dataclass
class _Case:
    """One test case: `outcomes` are its failure, error or skipped element as (tag, type, message, text)."""

    phase: str
    seconds: float = 0.0
    outcomes: list[tuple[str, str, str, str]] = field(default_factory=list)
    output: list[str] = field(default_factory=list)


def render(result: Result) -> str:
    """Return the JUnit document of a result."""
    summary = summarise(result)
    cases = [(guest, case) for guest in result.guests.values() for case in _cases(guest)]
    tags = [outcome[0] for _, case in cases for outcome in case.outcomes]
    numbers = {"tests": str(len(cases)), "failures": str(tags.count("failure")), "errors": str(tags.count("error"))}
    seconds = "" if summary.seconds is None else f"{summary.seconds:.3f}"
    timing = {"time": seconds} if seconds else {}
    root = ET.Element("testsuites", {"name": "guestwright", **numbers, **timing})
    suite = ET.SubElement(
        root,
        "testsuite",
        {
            "name": printable(result.job),
            **numbers,
            "skipped": str(tags.count("skipped")),
            **timing,
            "timestamp": result.started.removesuffix("Z").removesuffix("+00:00"),
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(result):
        ET.SubElement(properties, "property", {"name": name, "value": printable(value)})
    for guest, case in cases:
        _append_case(suite, result.job, guest, case)
    if result.notes:
        ET.SubElement(suite, "system-out").text = "\n".join(printable(note) for note in result.notes)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _properties(result: Result) -> Iterator[tuple[str, str]]:
    summary = summarise(result)
    yield "run_id", result.run_id
    yield "job", result.job
    yield "exit_code", str(int(result.exit_code))
    yield "outcome", summary.outcome
    yield "check", str(result.check).lower()
    for status in STATUSES:
        yield f"guests.{status}", str(summary.counts[status])


def _append_case(suite: ET.Element, job: str, guest: GuestResult, case: _Case) -> None:
    name = printable(guest.name)
    element = ET.SubElement(
        suite,
        "testcase",
        {
            "name": f"{name} {case.phase}",
            # A class name is split at its last dot, so the dots of a guest's name would tear it apart.
            "classname": f"{printable(job)}.{name.replace('.', '_')}",
            "time": f"{case.seconds:.3f}",
        },
    )
    for tag, kind, message, text in case.outcomes:
        ET.SubElement(element, tag, {"type": kind, "message": one_line(message)}).text = printable(text)
    if case.output:
        ET.SubElement(element, "system-out").text = "\n".join(printable(line) for line in case.output)


def _cases(guest: GuestResult) -> list[_Case]:
    """Return the guest's test cases: its phases, and one more where the outcome belongs to none of them."""
    cases = {phase: _Case(phase, seconds) for phase, seconds in ordered_phases(guest)}

    def case(phase: str) -> _Case:
        return cases.setdefault(phase or _WHOLE, _Case(phase or _WHOLE))

    if guest.status == "skipped":
        message = guest.error.message if guest.error else "the guest was skipped"
        case("").outcomes.append(("skipped", guest.error.code if guest.error else "skipped", message, message))
    elif guest.error and guest.status == "failed":
        advice = advice_for(guest.error.code)
        tag = "error" if advice.ours else "failure"
        text = f"{guest.error.code}: {guest.error.message}\n{advice.next_step}"
        case(advice.phase).outcomes.append((tag, guest.error.code, guest.error.message, text))
    elif guest.status == "failed" and not guest.leftovers:
        case("").outcomes.append(("failure", "failed", "the guest failed", "the guest failed"))
    if guest.leftovers and not (guest.error and guest.status == "failed" and guest.error.code == "leftovers"):
        listing = "\n".join(leftover_words(leftover) for leftover in guest.leftovers)
        text = f"{listing}\n{advice_for('leftovers').next_step}"
        case("release").outcomes.append(
            ("failure", "leftovers", "something was left on the guest, or could not be ruled out", text)
        )
    first = next(iter(cases.values()), None) or case("")
    first.output.extend(_output(guest))
    return list(cases.values())


def _output(guest: GuestResult) -> Iterator[str]:
    yield f"status: {guest.status}, {consistency_words(guest)}"
    if how := method_and_route(guest):
        yield f"method: {how}, deployed by {guest.deployer or 'nobody'}"
    if guest.freeze:
        held = "" if guest.freeze.held else ", ended by itself before the thaw"
        yield f"freeze: {', '.join(guest.freeze.file_systems)} for {duration(guest.freeze.seconds)}{held}"
    if guest.error and guest.status == "degraded":
        yield f"{guest.error.code}: {guest.error.message}"
        yield advice_for(guest.error.code).next_step
    yield from (f"warning: {warning}" for warning in guest.warnings)
    yield from (f"change: {change}" for change in guest.changes)
    yield from (leftover_words(leftover) for leftover in guest.leftovers)
