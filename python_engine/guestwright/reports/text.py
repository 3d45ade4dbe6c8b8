"""The result for the terminal: the guests that need the reader first, then one line that says it all."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from guestwright.reports.advice import advice_for
from guestwright.reports.summary import (
    consistency_words,
    leftover_words,
    leftovers_sentence,
    method_and_route,
    summarise,
    worst_first,
)
from guestwright.reports.words import count, duration, listed, one_line, printable
from guestwright.results.model import GuestResult, Result

_COLOURS = {"success": "32", "degraded": "33", "failed": "31", "skipped": "36"}
_INDENT = "          "
_NARROWEST = 40
_MOST_NAMES = 40
_MOST_CHANGES = 20

# A CI log takes a line that begins with `::` (after spaces), or that holds `##[`, as a command to the CI server.
_WORKFLOW_COMMAND = re.compile(r"^(\s*)(::)|##\[")


def render(result: Result, width: int = 80, colour: bool = False) -> str:
    """Return the report for a terminal.

    Args:
        result: the outcome of a run.
        width: the columns of the terminal; lines are wrapped to it, names and paths are never cut.
        colour: mark statuses with ANSI colours.
    """
    lines: list[str] = []
    for guest in worst_first(result):
        if guest.status != "success" or guest.leftovers or guest.warnings or (result.check and guest.changes):
            lines.extend(_guest_lines(guest, max(width, _NARROWEST), colour, result.check))
            lines.append("")
    lines.extend(_summary_lines(result, max(width, _NARROWEST), colour))
    return "".join(f"{_WORKFLOW_COMMAND.sub(_defused, line)}\n" for line in lines)


def _defused(match: re.Match[str]) -> str:
    return f"{match[1]}> {match[2]}" if match[2] else "## ["


def _guest_lines(guest: GuestResult, width: int, colour: bool, check: bool) -> Iterator[str]:
    facts = [guest.error.code] if guest.error else []
    facts += [fact for fact in (method_and_route(guest), "" if check else consistency_words(guest)) if fact]
    yield f"{_marked(guest.status, colour)} {one_line(guest.name)}  {', '.join(one_line(fact) for fact in facts)}"
    if guest.error:
        yield from _wrapped(guest.error.message, width)
    if guest.freeze and not guest.freeze.held:
        yield from _wrapped(f"The freeze ended by itself after {duration(guest.freeze.seconds)}.", width)
    for leftover in guest.leftovers:
        yield f"{_INDENT}{leftover_words(leftover)}"
    for warning in guest.warnings:
        yield from _wrapped(f"Warning: {warning}", width)
    if check:
        for change in guest.changes[:_MOST_CHANGES]:
            yield from _wrapped(f"Would change: {change}", width)
        if len(guest.changes) > _MOST_CHANGES:
            yield f"{_INDENT}and {count(len(guest.changes) - _MOST_CHANGES, 'more change')}"
    if guest.error:
        yield from _wrapped(f"Next: {advice_for(guest.error.code).next_step}", width)
    if guest.leftovers and not (guest.error and guest.error.code == "leftovers"):
        yield from _wrapped(f"Next: {advice_for('leftovers').next_step}", width)


def _summary_lines(result: Result, width: int, colour: bool) -> Iterator[str]:
    summary = summarise(result)
    well = [one_line(guest.name) for guest in result.guests.values() if guest.status == "success"]
    if well:
        narrower = width - len(_INDENT)
        names = textwrap.wrap(listed(well, _MOST_NAMES), narrower, break_long_words=False, break_on_hyphens=False) or [
            ""
        ]
        yield f"{_marked('success', colour)} {names[0]}".rstrip()
        yield from (f"{_INDENT}{line}" for line in names[1:])
        yield ""
    counts = ", ".join(f"{number} {status}" for status, number in summary.counts.items() if number) or "none"
    sentences = [f"{count(len(result.guests), 'guest')}: {counts}"]
    if summary.longest_freeze and summary.longest_freeze.freeze:
        longest = summary.longest_freeze
        sentences.append(f"Longest freeze {duration(summary.longest_freeze.freeze.seconds)} ({one_line(longest.name)})")
    sentences.append(leftovers_sentence(result))
    took = "" if summary.seconds is None else f" in {duration(summary.seconds)}"
    kind = "Check run (nothing was changed)" if result.check else "Run"
    head = f"{summary.outcome}: job {one_line(result.job)}{took}. {'. '.join(sentences)}."
    yield from textwrap.wrap(head, width, break_long_words=False, break_on_hyphens=False)
    tail = f"{kind} {result.run_id}, exit code {int(result.exit_code)}: {summary.meaning}."
    yield from textwrap.wrap(tail, width, break_long_words=False, break_on_hyphens=False)
    for note in result.notes:
        yield from textwrap.wrap(f"Note: {one_line(note)}", width, subsequent_indent="      ", break_long_words=False)


def _marked(status: str, colour: bool) -> str:
    word = f"{status.upper():<{len(_INDENT) - 1}}"
    return f"\x1b[{_COLOURS[status]}m{word}\x1b[0m" if colour else word


def _wrapped(text: str, width: int) -> Iterator[str]:
    for paragraph in printable(text).splitlines():
        yield from textwrap.wrap(
            paragraph,
            width,
            initial_indent=_INDENT,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
