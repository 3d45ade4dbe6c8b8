"""The example jobs are valid, say what they are, and have nothing to warn of."""

from __future__ import annotations

from pathlib import Path

import pytest
from guestwright.jobs.load import load_job
from guestwright.jobs.validation import check_job

ROOT = Path(__file__).parents[3]
JOBS = sorted((ROOT / "playbooks/jobs").glob("*.yml"))


def test_there_are_examples() -> None:
    assert {file.stem for file in JOBS} >= {
        "consistency-group",
        "demo",
        "demo-without-root",
        "minimal",
        "persistent-agents",
        "windows-and-linux",
    }


@pytest.mark.parametrize("file", JOBS, ids=lambda file: file.stem)
def test_an_example_is_valid(file: Path) -> None:
    loaded, problems = check_job(file.name, file.read_bytes())
    assert problems == ()
    assert loaded is not None
    modeline, comment, *_ = file.read_text().splitlines()
    schema = modeline.removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / schema).resolve() == ROOT / "python_engine/guestwright/schemas/job.json"
    assert comment.startswith("# ")


def test_the_jobs_of_the_documentation_are_valid() -> None:
    pages = [page.read_text() for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]]
    blocks = [block.split("```")[0] for page in pages for block in page.split("```yaml\n")[1:]]
    jobs = [block for block in blocks if block.startswith("api_version:")]
    assert jobs
    for job in jobs:
        load_job("documentation", job.encode())
