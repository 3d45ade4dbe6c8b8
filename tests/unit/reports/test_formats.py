"""Every format against its golden file, and the table that chooses it."""

from __future__ import annotations

import pytest
from golden_files import assert_golden
from guestwright.errors import UsageError
from guestwright.exit_codes import ExitCode
from guestwright.reports import FORMATS, format_name, render_report
from guestwright.results.model import Result

GOLDEN_NAMES = {
    "json": "rich.json",
    "junit": "rich.xml",
    "html": "rich.html",
    "markdown": "rich.md",
    "text": "rich.txt",
    "prometheus": "rich.prom",
    "github": "rich.github",
}


def test_every_format_has_a_golden_file() -> None:
    assert set(GOLDEN_NAMES) == set(FORMATS)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_format_is_what_the_golden_file_holds(name: str, rich_result: Result) -> None:
    assert_golden(f"reports/{GOLDEN_NAMES[name]}", render_report(rich_result, name))


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_takes_an_empty_result_and_a_check_run(
    name: str, empty_result: Result, check_result: Result
) -> None:
    for result in (empty_result, check_result):
        report = render_report(result, name)
        assert report.endswith("\n")
        assert result.job in report


@pytest.mark.parametrize(
    ("given", "name"),
    [(".json", "json"), (".xml", "junit"), (".html", "html"), (".HTM", "html"), (".md", "markdown"), ("JUnit", "junit"),
     (".txt", "text"), (".prom", "prometheus"), ("github", "github")],
)  # fmt: skip
def test_format_is_chosen_by_suffix_or_name(given: str, name: str) -> None:
    assert format_name(given) == name


@pytest.mark.parametrize("given", [".pdf", "", "xml", "."])
def test_unknown_format_is_a_usage_error_that_names_the_known_ones(given: str, rich_result: Result) -> None:
    with pytest.raises(UsageError) as raised:
        render_report(rich_result, given)
    assert raised.value.exit_code is ExitCode.USAGE
    assert ".xml (junit)" in raised.value.hint
    assert "github" in raised.value.hint


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"json"}))
def test_no_format_passes_a_control_character_on(name: str, rich_result: Result) -> None:
    assert "\x1b" not in render_report(rich_result, name)
