"""A plan as text for people and as the JSON document that `guestwright schema plan` describes."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from guestwright.planning.firewall import firewall_matrix
from guestwright.planning.model import Candidate, GuestPlan, Plan, Port
from guestwright.reports.words import count, listed, printable

SCHEMA_VERSION = 1
_WIDTH = 100
_LABEL = 11
_MOST_NAMES = 12
_MOST_DESTINATIONS = 4


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return the whole document; for plans of thousands of guests `plan_json` needs far less memory."""
    return {
        "schema_version": SCHEMA_VERSION,
        "job": plan.job.name,
        "summary": plan_summary(plan),
        "guests": {guest.name: _guest_document(guest) for guest in plan.guests},
        "firewall": [_port_document(port) for port in firewall_matrix(plan)],
    }


def plan_summary(plan: Plan) -> dict[str, Any]:
    """Count the guests by what was decided for them."""
    guests = plan.guests
    return {
        "guests": len(guests),
        "wanted": _counted(guest.wanted for guest in guests),
        "methods": _counted(guest.method or "none" for guest in guests),
        "routes": _counted(guest.route for guest in guests if guest.route),
        "deployers": _counted(guest.deployer for guest in guests if guest.deployer),
    }


def plan_json(plan: Plan) -> Iterator[str]:
    """Yield the document of `plan_document` as JSON text, one guest a line, piece by piece."""
    yield f'{{"schema_version": {SCHEMA_VERSION}, "job": {json.dumps(plan.job.name)},\n'
    yield f'"summary": {json.dumps(plan_summary(plan))},\n"guests": {{'
    separator = "\n"
    shared = _SharedText()
    for guest in plan.guests:
        yield f"{separator}{json.dumps(guest.name)}: {shared.guest(guest)}"
        separator = ",\n"
    yield '\n},\n"firewall": ['
    separator = "\n"
    for port in firewall_matrix(plan):
        yield separator + json.dumps(_port_document(port))
        separator = ",\n"
    yield "\n]}\n"


class _SharedText:
    """Encodes what thousands of guests share (phases, traces) once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, str]] = {}

    def guest(self, guest: GuestPlan) -> str:
        parts = ", ".join(
            f'"{key}": {self._encoded(value) if key in _SHARED_FIELDS else json.dumps(_plain(value))}'
            for key, value in _guest_fields(guest)
        )
        return f"{{{parts}}}"

    def _encoded(self, value: object) -> str:
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = (value, json.dumps(_plain(value)))
        return known[1]


_SHARED_FIELDS = frozenset(("candidates", "routes", "trace", "phases"))


def _guest_fields(guest: GuestPlan) -> tuple[tuple[str, object], ...]:
    """Return the fields of a guest in their order in the document."""
    return (
        ("os", guest.os),
        ("address", guest.address),
        ("deployer", guest.deployer),
        ("candidates", guest.candidates),
        ("wanted", guest.wanted),
        ("method", guest.method),
        ("route", guest.route),
        ("routes", guest.routes),
        ("trace", guest.trace),
        ("reason", guest.reason),
        ("phases", guest.phases),
        ("ports", guest.ports),
        ("on_failure", guest.on_failure),
    )


def _guest_document(guest: GuestPlan) -> dict[str, Any]:
    return {key: _plain(value) for key, value in _guest_fields(guest)}


def _plain(value: object) -> object:
    if isinstance(value, Candidate):
        return {"name": value.name, "why": value.why, "usable": value.usable}
    if isinstance(value, Port):
        return _port_document(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value


def _port_document(port: Port) -> dict[str, Any]:
    return {
        "source": port.source,
        "destination": port.destination,
        "protocol": port.protocol,
        "port": port.port,
        "purpose": port.purpose,
    }


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def plan_text(plan: Plan) -> str:
    """Return the plan for people: a summary, a line per guest, then the details of each kind of guest once.

    Guests that differ in name and address only are one kind. No line is wider than 100 columns, names aside.
    """
    kinds = _kinds(plan)
    number_of = {guest.name: number for number, guests in enumerate(kinds, 1) for guest in guests}
    lines = [f"Plan of job {plan.job.name}: {count(len(plan.guests), 'guest')}", ""]
    lines += _table(
        ("Kind", "Guests", "OS", "Wanted", "Method", "Route", "Deployer"),
        [(str(number), str(len(guests)), guests[0].os, *_decided(guests[0])) for number, guests in enumerate(kinds, 1)],
    )
    lines += [
        "",
        *_table(("Guest", "Address", "Kind"), [(g.name, g.address, str(number_of[g.name])) for g in plan.guests]),
    ]
    for number, guests in enumerate(kinds, 1):
        lines += ["", *_kind(number, guests)]
    matrix = firewall_matrix(plan)
    if matrix:
        lines += ["", "Firewall: what must be open", *_firewall(matrix)]
    return printable("\n".join(lines)) + "\n"


def _kinds(plan: Plan) -> list[list[GuestPlan]]:
    kinds: dict[tuple[object, ...], list[GuestPlan]] = {}
    for guest in plan.guests:
        kinds.setdefault(_kind_of(guest), []).append(guest)
    return list(kinds.values())


def _kind_of(guest: GuestPlan) -> tuple[object, ...]:
    """Return what guests of one kind have in common: everything but names, addresses and the load of proxies."""
    ports = tuple((port.source == guest.name, port.destination == guest.name, port.port) for port in guest.ports)
    asked = tuple(answer["answer"] for answer in guest.trace)
    steps = tuple(guest.phases.values())
    return guest.os, guest.deployer, guest.wanted, guest.method, guest.route, guest.routes, asked, steps, ports


def _decided(guest: GuestPlan) -> tuple[str, str, str, str]:
    return guest.wanted, guest.method or "-", guest.route or "-", guest.deployer or "-"


def _kind(number: int, guests: Sequence[GuestPlan]) -> list[str]:
    guest = guests[0]
    shown = f", shown for {guest.name}" if len(guests) > 1 else ""
    lines = [f"Kind {number}: {count(len(guests), 'guest')}{shown}"]
    lines += _entry("guests", listed([one.name for one in guests], _MOST_NAMES))
    if guest.candidates:
        lines += _steps("deployer", [f"{one.name}: {one.why}" for one in guest.candidates])
    else:
        lines += _entry("deployer", "none is needed")
    lines += _entry("method", f"{guest.method}: {guest.reason}" if guest.method else guest.reason)
    if guest.routes:
        lines += _entry("routes", ", then ".join(guest.routes))
    lines += _steps("asked", [_asked(answer) for answer in guest.trace])
    for phase, steps in guest.phases.items():
        lines += _steps(phase, list(steps))
    lines += _steps("ports", [_port(port, guest.name) for port in guest.ports], numbered=False)
    return lines + _entry("on failure", guest.on_failure)


def _asked(answer: Mapping[str, str]) -> str:
    why = f" ({answer['why']})" if answer.get("why") else ""
    return f"{answer['question']} {answer['answer']}{why}"


def _port(port: Port, guest: str) -> str:
    source = "guest" if port.source == guest else port.source
    destination = "guest" if port.destination == guest else port.destination
    return f"{source} -> {destination}: {port.protocol} {port.port}, {port.purpose}"


def _firewall(matrix: Iterable[Port]) -> list[str]:
    """List the matrix by source, port and purpose: the destinations of a job are many, its rules few."""
    rules: dict[tuple[str, str, int, str], list[str]] = {}
    from_guests: dict[tuple[str, str, int, str], list[str]] = {}
    for port in matrix:
        rules.setdefault((port.source, port.protocol, port.port, port.purpose), []).append(port.destination)
    for (source, protocol, number, purpose), destinations in rules.items():
        to = ", ".join(destinations) if len(destinations) <= _MOST_DESTINATIONS else f"{len(destinations)} guests"
        from_guests.setdefault((to, protocol, number, purpose), []).append(source)
    rows = []
    for (to, protocol, number, purpose), sources in from_guests.items():
        source = ", ".join(sources) if len(sources) <= _MOST_DESTINATIONS else f"{len(sources)} guests"
        rows.append((source, to, protocol, number, purpose))
    lines = []
    for source, to, protocol, number, purpose in rows:
        lines += _wrapped(f"{source} -> {to}: {protocol} {number}, {purpose}", "  ", "    ")
    return lines


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]


def _entry(label: str, text: str) -> list[str]:
    return _wrapped(text, f"  {label:<{_LABEL}}", " " * (_LABEL + 2))


def _steps(label: str, steps: Sequence[str], *, numbered: bool = True) -> list[str]:
    lines: list[str] = []
    for number, step in enumerate(steps, 1):
        mark = f"{number}. " if numbered and len(steps) > 1 else ""
        indent = f"  {label if number == 1 else '':<{_LABEL}}{mark}"
        lines += _wrapped(step, indent, " " * len(indent))
    return lines


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
