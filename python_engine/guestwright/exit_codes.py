"""The exit codes of every command (design.md section 8)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit code says."""

    SUCCESS = 0
    INTERNAL_ERROR = 1
    CHANGES_PENDING = 2
    INVALID = 3
    GUEST_FAILED = 4
    NO_ROUTE = 5
    LEFTOVERS = 6
    DEGRADED = 7
    USAGE = 64
    INTERRUPTED = 130


_WORST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.INVALID,
    ExitCode.USAGE,
    ExitCode.INTERNAL_ERROR,
    ExitCode.LEFTOVERS,
    ExitCode.GUEST_FAILED,
    ExitCode.NO_ROUTE,
    ExitCode.DEGRADED,
    ExitCode.CHANGES_PENDING,
    ExitCode.SUCCESS,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that wins among several; success where there are none (design.md section 8)."""
    return min(codes, key=_WORST_FIRST.index, default=ExitCode.SUCCESS)
