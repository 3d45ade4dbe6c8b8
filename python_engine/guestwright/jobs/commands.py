"""Commands as people write them, as lists of arguments; no shell ever reads one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from guestwright.jobs.model import Command


def arguments(command: str | Sequence[str | int]) -> Command:
    """Return a command's arguments; text is split as a POSIX shell would, without expanding anything.

    Raises:
        ValueError: the text has a quotation that does not end.
    """
    return tuple(shlex.split(command) if isinstance(command, str) else map(str, command))


def problem(command: str | Sequence[str | int], expression: bool) -> tuple[str, str] | None:
    """Return what is wrong with a command and how to mend it; None where nothing is.

    Args:
        command: a list of arguments, or text.
        expression: whether Ansible evaluates the arguments.
    """
    try:
        argv = arguments(command)
    except ValueError:
        return "has a quotation that does not end", "close it, or write a list of arguments"
    if not argv or not argv[0].strip():
        return "names no program", "the first argument is the program"
    if expression and isinstance(command, str) and any(_cut(argument) for argument in argv):
        return (
            "is split inside of an expression",
            "put quotes around the expression, '{{ ... }}', or write a list of arguments",
        )
    return None


def _cut(argument: str) -> bool:
    return any(argument.count(left) != argument.count(right) for left, right in (("{{", "}}"), ("{%", "%}")))
