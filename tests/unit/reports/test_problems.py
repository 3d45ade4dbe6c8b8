"""Problems of files in every format."""

from __future__ import annotations

import json

import pytest
from golden_files import assert_golden
from guestwright import __version__
from guestwright.errors import Problem
from guestwright.reports.problems import FORMATS, render_problems, summary_line

PROBLEMS = (
    Problem("jobs/b, c: 100%.yml", 7, 12, "unknown key `x`", "did you mean `y`?", "unknown_key"),
    Problem("jobs/a.yml", 3, 1, "the key `name` has no value", "give it one", "empty_value"),
    Problem("jobs/a.yml", 12, 5, "the freeze ends first", "", "snapshot_outlasts_freeze", "warning"),
    Problem("/srv/jobs/ü.yml", 1, 1, "steers\x1b[2J, breaks\r\n::error::lines, 100%", "", "unknown_key"),
)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format(name: str) -> None:
    text = render_problems(PROBLEMS, name)
    assert_golden(f"reports/problems.{name}", text.replace(f'"version": "{__version__}"', '"version": "VERSION"'))


def test_nothing_to_tell() -> None:
    assert render_problems((), "text") == ""
    assert render_problems((), "github") == ""
    assert json.loads(render_problems((), "json")) == {"schema_version": 1, "problems": [], "warnings": []}
    assert json.loads(render_problems((), "sarif"))["runs"][0]["results"] == []


def test_a_workflow_command_stays_on_its_line() -> None:
    for line in render_problems(PROBLEMS, "github").splitlines():
        assert line.startswith(("::error file=", "::warning file="))
        _, properties, _ = line.split("::", 2)
        assert [each.split("=")[0] for each in properties.split(" ", 1)[1].split(",")] == ["file", "line", "col"]


def test_sarif_refers_to_its_rules_and_to_places() -> None:
    run = json.loads(render_problems(PROBLEMS, "sarif"))["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules) == 3
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning"}
    uris = {
        place["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
        for place in result["locations"]
    }
    assert uris == {"jobs/b%2C%20c%3A%20100%25.yml", "jobs/a.yml", "file:///srv/jobs/%C3%BC.yml"}


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no format 'xml'"):
        render_problems(PROBLEMS, "xml")


@pytest.mark.parametrize(
    ("files", "problems", "line"),
    [
        (1, (), "1 file: valid"),
        (3, PROBLEMS[2:3], "3 files: valid, 1 warning"),
        (4, PROBLEMS, "4 files: 3 refused, 3 errors, 1 warning"),
    ],
)
def test_the_summary_counts_files_errors_and_warnings(files: int, problems: tuple[Problem, ...], line: str) -> None:
    assert summary_line(files, problems) == line
