"""Load a job: bytes to YAML with places, to the schema's checks, to logical checks, to frozen values.

Only `read_job` reads a disk, through `guestwright.jobs.read`.
"""

from __future__ import annotations

from dataclasses import dataclass

from guestwright.errors import InvalidFileError, Problem
from guestwright.jobs import build, logic, read, schema_problems, yaml_nodes
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
    document, problems = yaml_nodes.read(path_text, content)
    problems += schema_problems.check(document, "job")
    if problems:
        raise InvalidFileError(yaml_nodes.bounded(problems))
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


def read_job(path_text: str) -> Job:
    """Read a job file, `-` is standard input, and return the job.

    Raises:
        InvalidFileError: the file cannot be read, or is refused.
    """
    return load_job(path_text, read.read_file(path_text))
