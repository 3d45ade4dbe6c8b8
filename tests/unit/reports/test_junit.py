"""JUnit: the structure that Jenkins and GitLab read, and where failures, errors and skips stand."""

from __future__ import annotations

import dataclasses
from xml.etree import ElementTree as ET

import pytest
from guestwright.reports import render_report
from guestwright.results.model import Failure, GuestResult, Leftover, Result

# The elements and attributes of the schema that the xunit plugin of Jenkins publishes (junit-10.xsd).
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"},
    "properties": set[str](),
    "property": {"name", "value"},
    "testcase": {"name", "time", "classname", "group"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set[str](),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out"},
    "properties": {"property"},
    "testcase": {"skipped", "error", "failure", "system-out"},
}


def _document(result: Result) -> ET.Element:
    return ET.fromstring(render_report(result, "junit"))


def _with(result: Result, guest: GuestResult) -> Result:
    return dataclasses.replace(result, guests={guest.name: guest})


def _outcomes(root: ET.Element) -> list[tuple[str, str, str]]:
    return [
        (case.attrib["name"], child.tag, child.attrib["type"])
        for case in root.iter("testcase")
        for child in case
        if child.tag != "system-out"
    ]


def test_structure_is_what_the_common_schema_allows(rich_result: Result) -> None:
    for element in _document(rich_result).iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())


def test_numbers_are_what_the_test_cases_say(rich_result: Result) -> None:
    root = _document(rich_result)
    suite = root.find("testsuite")
    assert suite is not None
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[name]) == len(list(root.iter(tag))), name
    properties = {entry.attrib["name"]: entry.attrib["value"] for entry in root.iter("property")}
    assert properties["run_id"] == "nightly-7f3a"
    assert properties["job"] == "nightly"


def test_names_are_unique_because_gitlab_ignores_a_second_one(rich_result: Result) -> None:
    names = [case.attrib["name"] for case in _document(rich_result).iter("testcase")]
    assert len(names) == len(set(names))
    assert "web|01.example.com freeze" in names


@pytest.mark.parametrize(
    ("code", "phase", "tag"),
    [
        ("no_route", "prepare", "failure"),
        ("freeze_refused", "freeze", "failure"),
        ("snapshot_failed", "snapshot", "failure"),
        ("backup_timeout", "backup", "failure"),
        ("leftovers", "release", "failure"),
        ("link_lost", "guest processing", "failure"),
        ("never_heard_of", "guest processing", "failure"),
        ("run_ended", "guest processing", "error"),
        ("no_final_result", "guest processing", "error"),
        ("internal", "guest processing", "error"),
    ],
)
def test_failure_stands_at_the_phase_that_its_code_belongs_to(
    code: str, phase: str, tag: str, rich_result: Result
) -> None:
    guest = GuestResult("g", "failed", phases={"prepare": 1.0}, error=Failure(code, "why"))
    assert _outcomes(_document(_with(rich_result, guest))) == [(f"g {phase}", tag, code)]


@pytest.mark.parametrize(
    ("guest", "expected"),
    [
        (GuestResult("g", "success", phases={"prepare": 1.0}), []),
        (GuestResult("g", "degraded", error=Failure("freeze_failed", "why")), []),
        (GuestResult("g", "skipped"), [("g guest processing", "skipped", "skipped")]),
        (GuestResult("g", "failed"), [("g guest processing", "failure", "failed")]),
        (
            GuestResult("g", "failed", error=Failure("no_route", "why"), leftovers=(Leftover("file", "/x"),)),
            [("g prepare", "failure", "no_route"), ("g release", "failure", "leftovers")],
        ),
        (
            GuestResult("g", "success", phases={"release": 1.0}, leftovers=(Leftover("file", "/x"),)),
            [("g release", "failure", "leftovers")],
        ),
    ],
)
def test_every_status_has_its_outcome(
    guest: GuestResult, expected: list[tuple[str, str, str]], rich_result: Result
) -> None:
    assert _outcomes(_document(_with(rich_result, guest))) == expected


def test_degraded_guest_passes_and_says_so_in_its_output(rich_result: Result) -> None:
    case = next(case for case in _document(rich_result).iter("testcase") if case.attrib["name"].startswith("web|01"))
    output = case.findtext("system-out")
    assert output is not None
    assert "degraded, crash-consistent" in output
    assert "freeze_expired" in output
