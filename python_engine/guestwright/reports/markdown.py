"""The result as Markdown, for the summary of a CI run or a ticket."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from guestwright.reports.advice import advice_for
from guestwright.reports.summary import (
    STATUSES,
    leftover_words,
    leftovers_sentence,
    method_and_route,
    summarise,
    worst_first,
)
from guestwright.reports.words import count, duration, one_line
from guestwright.results.model import GuestResult, Result

_MARKS = {"success": "✅", "degraded": "⚠️", "failed": "❌", "skipped": "⏭️"}
_MOST_ROWS = 1000
"""A GitHub step summary may have 1 MiB; a row of the table takes some 150 bytes."""
_MOST_DETAILS = 200


def render(result: Result) -> str:
    """Return the Markdown document of a result; what comes from jobs and guests is shown as text, never as markup."""
    return "\n".join(_lines(result)) + "\n"


def escape(text: str) -> str:
    """Return foreign text as Markdown that shows it as it is: one line, no markup, HTML, mention, link or emoji."""
    safe = html.escape(one_line(text), quote=False)
    safe = re.sub(r"[\\`*_\[\]{}]|~(?=~)|^[-+=>]|^\d+(?=[.)])", lambda match: f"\\{match.group()}", safe)
    return re.sub(r"[@#|$]|:(?=//|\w+:)|(?<=\bwww)\.", lambda match: f"&#{ord(match.group())};", safe)


def _lines(result: Result) -> Iterator[str]:
    summary = summarise(result)
    yield f"## {_MARKS[summary.status]} {summary.outcome}: job {escape(result.job)}"
    yield ""
    counts = ", ".join(f"{number} {status}" for status, number in summary.counts.items() if number)
    took = "" if summary.seconds is None else f" in {duration(summary.seconds)}"
    guests = count(len(result.guests), "guest")
    yield f"**{guests}**{took}: {counts or 'none'}. {leftovers_sentence(result)}."
    yield ""
    kind = "Check run (nothing was changed)" if result.check else "Run"
    yield f"{kind} `{result.run_id}`, exit code {int(result.exit_code)}: {summary.meaning}."
    yield ""
    for note in result.notes:
        yield f"> {escape(note)}"
        yield ""
    yield from _attention(result)
    yield from _table(result)


def _attention(result: Result) -> Iterator[str]:
    concerned = [guest for guest in worst_first(result) if guest.status != "success" or guest.leftovers]
    if not concerned:
        return
    yield "### What needs attention"
    yield ""
    for guest in concerned[:_MOST_DETAILS]:
        yield f"* {_MARKS[guest.status]} **{escape(guest.name)}** is {guest.status}{_reason(guest)}"
        for leftover in guest.leftovers:
            yield f"  * {escape(leftover_words(leftover))}"
        for warning in guest.warnings:
            yield f"  * {escape(warning)}"
        for step in _next_steps(guest):
            yield f"  * Next: {step}"
    if len(concerned) > _MOST_DETAILS:
        yield f"* and {count(len(concerned) - _MOST_DETAILS, 'more guest')}; the JSON and HTML reports hold all"
    yield ""


def _reason(guest: GuestResult) -> str:
    return f" ({escape(guest.error.code)}): {escape(guest.error.message)}" if guest.error else ""


def _next_steps(guest: GuestResult) -> Iterator[str]:
    if guest.error:
        yield advice_for(guest.error.code).next_step
    if guest.leftovers and not (guest.error and guest.error.code == "leftovers"):
        yield advice_for("leftovers").next_step


def _table(result: Result) -> Iterator[str]:
    if not result.guests:
        return
    rows = [f"| {' | '.join(_cells(guest))} |" for guest in worst_first(result)]
    yield "### Guests"
    yield ""
    yield "| Guest | Status | Method | Deployer | Consistency | Freeze | Leftovers |"
    yield "|---|---|---|---|---|--:|--:|"
    yield from rows[:_MOST_ROWS]
    if len(rows) > _MOST_ROWS:
        rest = [guest.status for guest in worst_first(result)[_MOST_ROWS:]]
        counts = ", ".join(f"{rest.count(status)} {status}" for status in STATUSES if status in rest)
        yield ""
        yield f"and {count(len(rows) - _MOST_ROWS, 'more guest')} ({counts}); the JSON and HTML reports hold all"


def _cells(guest: GuestResult) -> Iterator[str]:
    yield escape(guest.name)
    yield f"{_MARKS[guest.status]} {guest.status}"
    yield escape(method_and_route(guest)) or "none"
    yield escape(guest.deployer or "none")
    yield guest.consistency
    yield "" if guest.freeze is None else duration(guest.freeze.seconds) + ("" if guest.freeze.held else ", expired")
    yield str(len(guest.leftovers))
