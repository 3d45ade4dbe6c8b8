"""One error tree: every error that a user can cause carries its exit code and, where there is one, its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from guestwright.exit_codes import ExitCode


class GuestwrightError(Exception):
    """An error to be told to the user in one sentence, without a traceback.

    Attributes:
        exit_code: what the command exits with.
        hint: what to do next; empty where the message says it all.
    """

    exit_code: ExitCode = ExitCode.INTERNAL_ERROR

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(GuestwrightError):
    """The command line is wrong."""

    exit_code = ExitCode.USAGE


class InventoryError(GuestwrightError):
    """The inventory cannot be read, or lacks what the job names."""

    exit_code = ExitCode.INVALID


class PrerequisiteError(GuestwrightError):
    """The machine lacks a program or a right that the command needs; the hint says how to get it."""

    exit_code = ExitCode.INTERNAL_ERROR


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in a file; sorts by place.

    Attributes:
        file: the path as the user gave it.
        line: counted from 1.
        column: counted from 1.
        message: what is wrong.
        hint: how to mend it; may be empty.
        rule: a stable identifier of the check, in snake_case, for SARIF and for suppressions.
        severity: only an error refuses the file; a warning tells of something that may not be meant.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    rule: str = "schema"
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        word = "warning: " if self.severity == "warning" else ""
        return f"{self.file}:{self.line}:{self.column}: {word}{self.message}{hint}"


class InvalidFileError(GuestwrightError):
    """A job, assumptions or other YAML file is refused; holds every problem that was found, sorted."""

    exit_code = ExitCode.INVALID

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))
