"""The benchmark's Markdown tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmark.figures import OURS, Figure, Verdict, ratio

_CASE_HEADER = (
    "case",
    "runs",
    "wall s",
    "by command s",
    "/ guestwright",
    "controller CPU s",
    "guest CPU s",
    "peak MiB",
)
_BEGIN = "<!-- begin: figures -->"
_END = "<!-- end: figures -->"
_TARGET_HEADER = ("target", "guests", "payload", "aimed at", "measured", "")
_INVENTORY_HEADER = ("command", "runs", "wall s", "/ ansible-inventory", "CPU s", "peak MiB")


def markdown(measured: Sequence[Figure], judged: Sequence[Verdict], machine: Mapping[str, object]) -> str:
    """Return the whole report: one table per size and payload, the targets, and the machine."""
    parts = []
    for guests, payload in dict.fromkeys((figure.guests, figure.payload) for figure in measured):
        group = [figure for figure in measured if (figure.guests, figure.payload) == (guests, payload)]
        if any(figure.case == "ansible-inventory" for figure in group):
            parts.append(f"## Plan and render, {guests} guests\n\n{_inventory_table(group)}")
        else:
            parts.append(f"## {guests} guests, {payload} payload\n\n{_case_table(group)}")
        parts += [f"- **{figure.case} failed**: {figure.problem}" for figure in group if figure.problem]
    parts.append(f"## Targets\n\n{_target_table(judged)}")
    parts.append("## Machine\n\n" + "\n".join(f"- {name}: {value}" for name, value in machine.items()))
    return "\n\n".join(parts) + "\n"


def published(document: str, report: str) -> str:
    """Return a document with the report between its marks for figures, its headings one level lower.

    Raises:
        ValueError: the document has no such marks.
    """
    before, begin, rest = document.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the document has no {_BEGIN} and {_END}")
    lowered = "\n".join(f"#{line}" if line.startswith("## ") else line for line in report.strip().splitlines())
    return f"{before}{begin}\n{lowered}\n{end}{after}"


def _case_table(group: Sequence[Figure]) -> str:
    ours = next((figure for figure in group if figure.case == OURS), None)
    return table(
        _CASE_HEADER,
        (
            (
                figure.case,
                str(figure.runs),
                _number(figure.wall),
                " + ".join(f"{step} {_number(seconds)}" for step, seconds in figure.seconds.items()),
                _times(ratio(figure, ours) if ours else None),
                _number(figure.cpu_seconds),
                _number(figure.guest_cpu_seconds),
                f"{figure.peak_bytes / 2**20:.0f}",
            )
            for figure in group
        ),
    )


def _inventory_table(group: Sequence[Figure]) -> str:
    reference = next(figure for figure in group if figure.case == "ansible-inventory")
    return table(
        _INVENTORY_HEADER,
        (
            (
                figure.case,
                str(figure.runs),
                _number(figure.wall),
                _times(ratio(figure, reference)),
                _number(figure.cpu_seconds),
                f"{figure.peak_bytes / 2**20:.0f}",
            )
            for figure in group
        ),
    )


def _target_table(judged: Sequence[Verdict]) -> str:
    return table(
        _TARGET_HEADER,
        (
            (
                verdict.target.text,
                str(verdict.guests),
                verdict.payload,
                _aim(verdict),
                _value(verdict, verdict.value),
                {True: "met", False: "**missed**", None: "not measured"}[verdict.met],
            )
            for verdict in judged
        ),
    )


def _aim(verdict: Verdict) -> str:
    target = verdict.target
    if target.at_least is not None:
        return f"at least {_value(verdict, target.at_least)}"
    return f"at most {_value(verdict, target.at_most)}"


def _value(verdict: Verdict, value: float | None) -> str:
    if value is None:
        return "-"
    if verdict.target.against is not None:
        return _times(value)
    return f"{value * 1000:.0f} ms" if verdict.target.unit == "cpu_per_guest" else f"{value / 2**20:.0f} MiB"


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}x"


def _number(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are aligned."""
    lines = [list(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    padded = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    rule = "| " + " | ".join("-" * max(width, 3) for width in widths) + " |"
    return "\n".join([padded[0], rule, *padded[1:]])
