"""The result as metrics, for the textfile collector of a Prometheus node exporter.

The job's name is the label `backup_job`, because Prometheus sets `job` itself. The run's id is no label: it would
make a new series of every run. The caller writes the file beside its place and renames it, so that a scrape never
reads half of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from guestwright.reports.summary import STATUSES, ordered_phases, summarise
from guestwright.results.model import GuestResult, Result

_CONSISTENCIES = ("application", "crash", "none")


@dataclass(frozen=True)
class _Metric:
    """One gauge: its samples are (labels, value)."""

    name: str
    purpose: str
    samples: Sequence[tuple[dict[str, str], float]]


def render(result: Result) -> str:
    """Return the metrics of a result in the text exposition format."""
    lines: list[str] = []
    for metric in (*_run_metrics(result), *_guest_metrics(result)):
        if not metric.samples:
            continue
        lines.append(f"# HELP {metric.name} {metric.purpose}")
        lines.append(f"# TYPE {metric.name} gauge")
        for labels, value in metric.samples:
            shown = {"backup_job": result.job, **labels}
            text = ",".join(f'{name}="{_escaped(content)}"' for name, content in shown.items())
            lines.append(f"{metric.name}{{{text}}} {_number(value)}")
    return "\n".join(lines) + "\n"


def _run_metrics(result: Result) -> Iterator[_Metric]:
    counts = summarise(result).counts
    yield _Metric("guestwright_run_exit_code", "Exit code of the last run.", [({}, int(result.exit_code))])
    yield _Metric("guestwright_run_check", "1 where the last run was a check run.", [({}, int(result.check))])
    for name, stamp in (("started", result.started), ("finished", result.finished)):
        seconds = _epoch(stamp)
        yield _Metric(
            f"guestwright_run_{name}_timestamp_seconds",
            f"When the last run {name}, in seconds since 1970.",
            [] if seconds is None else [({}, seconds)],
        )
    yield _Metric(
        "guestwright_guests",
        "Guests of the last run by status.",
        [({"status": status}, counts[status]) for status in STATUSES],
    )


def _guest_metrics(result: Result) -> Iterator[_Metric]:
    guests = list(result.guests.values())
    yield _Metric(
        "guestwright_guest_status",
        "1 for the status that the guest had in the last run, 0 for the others.",
        [
            ({"guest": guest.name, "status": status}, int(guest.status == status))
            for guest in guests
            for status in STATUSES
        ],
    )
    yield _Metric(
        "guestwright_guest_consistency",
        "1 for the consistency that the guest's backup reached, 0 for the others.",
        [
            ({"guest": guest.name, "consistency": consistency}, int(guest.consistency == consistency))
            for guest in guests
            for consistency in _CONSISTENCIES
        ],
    )
    yield _Metric(
        "guestwright_guest_freeze_seconds",
        "How long the guest's file systems stood still.",
        [({"guest": guest.name}, guest.freeze.seconds) for guest in guests if guest.freeze],
    )
    yield _Metric(
        "guestwright_guest_leftovers",
        "How many things were found on the guest after the release.",
        [({"guest": guest.name}, len(guest.leftovers)) for guest in guests],
    )
    yield _Metric("guestwright_guest_phase_seconds", "How long the phase took.", _phase_samples(guests))


def _phase_samples(guests: Sequence[GuestResult]) -> list[tuple[dict[str, str], float]]:
    return [
        ({"guest": guest.name, "phase": phase}, seconds) for guest in guests for phase, seconds in ordered_phases(guest)
    ]


def _epoch(stamp: str) -> float | None:
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _escaped(text: str) -> str:
    """Return a label value with the three escapes that the format has; UTF-8 is allowed otherwise."""
    safe = text.encode("utf-8", "replace").decode("utf-8")
    return safe.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
