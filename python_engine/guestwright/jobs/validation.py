"""Check one job as `guestwright validate` does: every problem and every warning, and nothing raised."""

from __future__ import annotations

import dataclasses

from guestwright.errors import InvalidFileError, Problem
from guestwright.jobs.checks import not_carried_out
from guestwright.jobs.load import LoadedJob, parse_job


def check_job(path_text: str, content: bytes) -> tuple[LoadedJob | None, tuple[Problem, ...]]:
    """Return the job, None where it is refused, and all that is to be told of it.

    What this version does not carry out is told as a warning: the job is valid, but `run` refuses it.

    Args:
        path_text: the path as the user gave it, for messages.
        content: the file's bytes.
    """
    try:
        loaded = parse_job(path_text, content)
    except InvalidFileError as error:
        return None, error.problems
    later = (
        dataclasses.replace(problem, severity="warning") for problem in not_carried_out(loaded.job, loaded.document)
    )
    return loaded, tuple(sorted([*loaded.warnings, *later]))
