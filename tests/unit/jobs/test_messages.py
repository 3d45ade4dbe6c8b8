"""Every message about a job, exactly: a table of jobs in `tests/golden/jobs`, each with what is told of it.

The jobs end in `.job`, so that no linter of YAML takes offence at what is wrong on purpose.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_files import GOLDEN, assert_golden
from guestwright.jobs.validation import check_job

JOBS = sorted((GOLDEN / "jobs").glob("*.job"))


@pytest.mark.parametrize("file", JOBS, ids=lambda file: file.stem)
def test_the_messages_of_a_job(file: Path) -> None:
    loaded, problems = check_job(f"{file.stem}.yml", file.read_bytes())
    assert problems
    refused = any(problem.severity == "error" for problem in problems)
    assert (loaded is None) is refused
    assert_golden(f"jobs/{file.stem}.txt", "".join(f"{problem}\n" for problem in problems))


def test_problems_are_sorted_and_lie_inside_of_the_file() -> None:
    for file in JOBS:
        _, problems = check_job(f"{file.stem}.yml", file.read_bytes())
        assert list(problems) == sorted(problems)
        lines = file.read_bytes().decode("utf-8", "replace").split("\n")
        for problem in problems:
            assert 1 <= problem.line <= len(lines), problem
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem
