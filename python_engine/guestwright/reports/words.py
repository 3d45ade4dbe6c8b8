"""Words and figures as reports print them: numbers with units, and foreign text made harmless."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(text: str) -> str:
    """Return text that can neither steer a terminal nor break XML or UTF-8.

    Guests write part of what reports show (error messages, paths), so control characters, direction overrides and
    lone surrogates become U+FFFD. Line ends and tabs stay.
    """
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Return the text as `printable` does, and on one line."""
    return printable(" ".join(text.split()))


def count(number: int, singular: str, plural: str = "") -> str:
    """Return `1 guest` or `2 guests`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def duration(seconds: float) -> str:
    """Return seconds as people read them: `0.04 s`, `12.3 s`, `4 min 05 s`, `3 h 07 min`."""
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def moment(stamp: str) -> str:
    """Return an RFC 3339 time as `2026-03-01 01:00:00 UTC`; text that is none is returned as it is, on one line."""
    try:
        parsed = datetime.fromisoformat(stamp)
    except ValueError:
        return one_line(stamp)
    if parsed.tzinfo is None:
        return one_line(stamp)
    return f"{parsed.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def listed(names: list[str], most: int) -> str:
    """Return the names joined with commas; those beyond `most` are only counted."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
