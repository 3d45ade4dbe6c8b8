"""The result as one self-contained HTML page: no script, no resource from elsewhere, readable by any browser."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from guestwright.reports.advice import advice_for
from guestwright.reports.summary import (
    PHASES,
    STATUSES,
    leftovers_sentence,
    ordered_phases,
    summarise,
    worst_first,
)
from guestwright.reports.words import count, duration, moment, one_line, printable
from guestwright.results.model import GuestResult, Result

_MOST_OPEN = 20
"""How many guests' details are open at first: those that need the reader."""


def render(result: Result) -> str:
    """Return the page of a result; everything that comes from jobs and guests is escaped."""
    summary = summarise(result)
    return _template().render(
        result=result,
        summary=summary,
        statuses=STATUSES,
        exit_code=int(result.exit_code),
        took=None if summary.seconds is None else duration(summary.seconds),
        leftovers_sentence=leftovers_sentence(result),
        total=count(len(result.guests), "guest"),
        any_leftovers=any(guest.leftovers for guest in result.guests.values()),
        guests=[_view(guest, number, result.check) for number, guest in enumerate(worst_first(result), start=1)],
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("guestwright.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["duration"] = duration
    environment.filters["moment"] = moment
    environment.filters["one_line"] = one_line
    environment.filters["printable"] = printable
    return environment.get_template("report.html.j2")


def _view(guest: GuestResult, number: int, check: bool) -> dict[str, Any]:
    """Return what the template shows of one guest, so that the template only places it."""
    phases = ordered_phases(guest)
    next_steps = [advice_for(guest.error.code).next_step] if guest.error else []
    if guest.leftovers and not (guest.error and guest.error.code == "leftovers"):
        next_steps.append(advice_for("leftovers").next_step)
    needs_attention = guest.status != "success" or bool(guest.leftovers)
    return {
        "guest": guest,
        "anchor": f"guest-{number}",
        "open": needs_attention and number <= _MOST_OPEN,
        "phases": [
            {"name": name, "seconds": seconds, "colour": name if name in PHASES else "other"}
            for name, seconds in phases
        ],
        "seconds": sum(seconds for _, seconds in phases),
        "next_steps": next_steps,
        "changes_title": "What would change" if check else "What was changed",
    }
