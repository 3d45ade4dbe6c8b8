"""Load a job: bytes to YAML with places, to the schema's checks, to logical checks, to frozen values.

Nothing here reads a disk; `guestwright.jobs.read` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from guestwright.errors import InvalidFileError, Problem
from guestwright.jobs import build, logic, schema_problems, yaml_nodes
from guestwright.jobs.model import Job
from guestwright.jobs.positions import Document


@dataclass(frozen=True)
class LoadedJob:
    """A job, with the document that it was made of, for places in later messages."""

    job: Job
    document: Document
    warnings: tuple[Problem, ...] = ()


def parse_job(path_text: str, content: bytes) -> LoadedJob:
    """Check a job file and return the job, its places and its warnings.

    Args:
        path_text: the path as the user gave it, for messages.
        content: the file's bytes.

    Raises:
        InvalidFileError: the file is refused; holds every problem that was found.
    """
    document = schema_problems.read(path_text, content, "job")
    job = build.job(document)
    found = logic.check(job, document)
    errors = [problem for problem in found if problem.severity == "error"]
    if errors:
        raise InvalidFileError(yaml_nodes.bounded(errors))
    return LoadedJob(job, document, tuple(sorted(found)))


def load_job(path_text: str, content: bytes) -> Job:
    """Check a job file and return the job.

    Args:
        path_text: the path as the user gave it, for messages.
        content: the file's bytes.

    Raises:
        InvalidFileError: the file is refused; holds every problem that was found.
    """
    return parse_job(path_text, content).job
