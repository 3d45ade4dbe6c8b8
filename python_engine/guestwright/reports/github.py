"""The result for GitHub Actions: workflow commands for the log, and Markdown for the step's summary."""

from __future__ import annotations

from collections.abc import Iterator

from guestwright.reports import markdown
from guestwright.reports.advice import advice_for
from guestwright.reports.summary import consistency_words, leftover_words, leftovers_sentence, summarise, worst_first
from guestwright.reports.words import count, one_line, printable
from guestwright.results.model import GuestResult, Result


def render(result: Result) -> str:
    """Return one `::error` line per failed guest, one `::warning` per degraded one, and a `::notice` for the run."""
    return "\n".join([*_annotations(result), _notice(result)]) + "\n"


def step_summary(result: Result) -> str:
    """Return the Markdown that the caller appends to the file that GITHUB_STEP_SUMMARY names."""
    return markdown.render(result)


def _annotations(result: Result) -> Iterator[str]:
    for guest in worst_first(result):
        if guest.status == "failed" or guest.leftovers:
            yield _command("error", f"{guest.name} {guest.status}", _message(guest))
        elif guest.status == "degraded":
            yield _command("warning", f"{guest.name} degraded", _message(guest))


def _notice(result: Result) -> str:
    summary = summarise(result)
    counts = ", ".join(f"{number} {status}" for status, number in summary.counts.items() if number) or "none"
    text = f"{count(len(result.guests), 'guest')}: {counts}. {leftovers_sentence(result)}."
    return _command("notice", f"{summary.outcome}: job {result.job}", f"{text} Exit code {int(result.exit_code)}.")


def _message(guest: GuestResult) -> str:
    lines = []
    if guest.error:
        lines += [f"{guest.error.code}: {guest.error.message}", advice_for(guest.error.code).next_step]
    lines += [leftover_words(leftover) for leftover in guest.leftovers]
    if guest.leftovers and not (guest.error and guest.error.code == "leftovers"):
        lines.append(advice_for("leftovers").next_step)
    return "\n".join(lines) or consistency_words(guest)


def _command(name: str, title: str, message: str) -> str:
    return f"::{name} title={_property(one_line(title))}::{_data(printable(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
