"""What commands print: messages that never end a command, and data whose loss is an error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from guestwright.errors import GuestwrightError


def tell(line: str) -> None:
    """Print a message on standard error; a terminal that is gone must not end what is under way on guests."""
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _silence("stderr")


def write(parts: Iterable[str]) -> None:
    """Write data on standard output.

    Raises:
        BrokenPipeError: the reader has gone, as `head` does.
        GuestwrightError: it cannot be written: no standard output, a full disk.
    """
    try:
        if sys.stdout is None:
            raise GuestwrightError("there is no standard output to write to", "do not close it; use > FILE")
        sys.stdout.writelines(parts)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence("stdout")
        raise
    except OSError as error:
        _silence("stdout")
        raise GuestwrightError(f"standard output cannot be written: {error.strerror}") from error


def _silence(name: str) -> None:
    """Keep the interpreter from complaining once more when it ends."""
    setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
