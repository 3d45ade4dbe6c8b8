"""The one edge of this room: the bytes of a job or assumptions file, from the disk or from standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from guestwright.errors import InvalidFileError, Problem
from guestwright.jobs.yaml_text import MOST_BYTES

STANDARD_INPUT = "-"


def read_file(path_text: str) -> bytes:
    """Return the content of a file; `-` is standard input. No more is read than one byte above what is allowed.

    Raises:
        InvalidFileError: there is no such file, it is no regular file, or it may not be read.
    """
    if path_text == STANDARD_INPUT:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    path = Path(path_text)
    try:
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "not a regular file"
            hint = "name the file in it" if path.is_dir() else "use - to read standard input"
            raise _refusal(path_text, f"it is {what}", hint)
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise _refusal(path_text, "there is no such file", "check the path") from error
    except PermissionError as error:
        raise _refusal(path_text, "it may not be read", "check its permissions") from error
    except (OSError, ValueError) as error:
        raise _refusal(path_text, f"it cannot be read: {getattr(error, 'strerror', None) or error}", "") from error


def _refusal(path_text: str, message: str, hint: str) -> InvalidFileError:
    return InvalidFileError([Problem(path_text, 1, 1, message, hint, "unreadable")])
