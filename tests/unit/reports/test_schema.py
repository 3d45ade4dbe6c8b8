"""The result's schema describes exactly what `as_document` returns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from guestwright.exit_codes import ExitCode
from guestwright.reports import render_report
from guestwright.results.model import Failure, FreezeWindow, GuestResult, Leftover, Result, as_document
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

SCHEMA: dict[str, Any] = json.loads((files("guestwright") / "schemas" / "result.json").read_text())
VALIDATOR = Draft7Validator(SCHEMA, format_checker=Draft7Validator.FORMAT_CHECKER)

seconds = st.floats(min_value=0, max_value=1e7, allow_nan=False)
words = st.text(max_size=30)
steps = st.fixed_dictionaries(
    {"question": words, "answer": st.sampled_from(["yes", "no", "unknown"])}, optional={"why": words}
)
guests = st.builds(
    GuestResult,
    name=st.text(min_size=1, max_size=20),
    status=st.sampled_from(["success", "degraded", "failed", "skipped"]),
    method=st.sampled_from([None, "runtime", "persistent", "fails", "unknown"]),
    route=st.sampled_from([None, "admin", "installer_service", "hypervisor"]),
    deployer=st.none() | words,
    consistency=st.sampled_from(["application", "crash", "none"]),
    trace=st.lists(steps, max_size=4).map(tuple),
    guest_reconnects=st.integers(0, 100),
    proxy_reconnects=st.integers(0, 100),
    phases=st.dictionaries(st.sampled_from(["prepare", "freeze", "snapshot", "thaw", "backup", "release"]), seconds),
    freeze=st.none() | st.builds(FreezeWindow, st.lists(words, max_size=3).map(tuple), seconds, st.booleans()),
    leftovers=st.lists(st.builds(Leftover, st.sampled_from(["file", "process", "unit"]), words), max_size=3).map(tuple),
    warnings=st.lists(words, max_size=2).map(tuple),
    changes=st.lists(words, max_size=2).map(tuple),
    error=st.none() | st.builds(Failure, st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True), words),
)
results = st.builds(
    Result,
    run_id=st.text(min_size=1, max_size=20),
    job=st.text(min_size=1, max_size=20),
    exit_code=st.sampled_from(list(ExitCode)),
    started=st.just("2026-03-01T01:00:00Z"),
    finished=st.just("2026-03-01T01:00:09.5Z"),
    guests=st.lists(guests, max_size=5).map(lambda found: {guest.name: guest for guest in found}),
    interrupted=st.booleans(),
    check=st.booleans(),
    notes=st.lists(words, max_size=2).map(tuple),
)


def _errors(document: object) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def _objects(node: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            if key != "examples":
                yield from _objects(value, f"{path}/{key}")


def test_schema_is_a_valid_draft_7_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


def test_every_key_has_a_description_and_an_example_that_is_valid() -> None:
    for path, node in _objects(SCHEMA):
        for key, described in node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ():
            assert described.get("description"), f"{path}: {key}"
            assert described.get("examples"), f"{path}: {key}"
            validator = Draft7Validator({**described, "definitions": SCHEMA["definitions"]})
            for sample in described["examples"]:
                assert list(validator.iter_errors(sample)) == [], f"{path}: {key}"
        if node.get("type") in ("object", ["object", "null"]):
            assert "additionalProperties" in node, path


@pytest.mark.parametrize("name", ["rich_result", "check_result"])
def test_sample_results_are_valid(name: str, request: pytest.FixtureRequest) -> None:
    assert _errors(json.loads(render_report(request.getfixturevalue(name), "json"))) == []


@settings(max_examples=100, deadline=None, derandomize=True)
@given(results)
def test_any_result_is_valid(result: Result) -> None:
    assert _errors(json.loads(json.dumps(as_document(result)))) == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(results)
@example(Result("r", "j", ExitCode.SUCCESS, "", "", {" ": GuestResult(" ", "success")}))
def test_every_format_takes_any_result(result: Result) -> None:
    for name in ("junit", "html", "markdown", "text", "prometheus", "github"):
        render_report(result, name).encode("utf-8")


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        ((), "surprise", 1),
        ((), "schema_version", 2),
        ((), "exit_code", 9),
        (("guests", "linux-001"), "surprise", 1),
        (("guests", "linux-001"), "status", "fine"),
        (("guests", "linux-001"), "route", "pigeon"),
        (("guests", "linux-001"), "error", {"code": "Not A Code", "message": ""}),
        (("guests", "linux-001", "freeze"), "surprise", 1),
        (("guests", "linux-001", "freeze"), "seconds", -1),
        (("guests", "linux-001", "reconnects"), "guest", 0.5),
        (("guests", "linux-001", "phases"), "freeze", -0.1),
    ],
)
def test_what_does_not_belong_is_refused(where: tuple[str, ...], key: str, value: object, rich_result: Result) -> None:
    document = json.loads(render_report(rich_result, "json"))
    node = document
    for step in where:
        node = node[step]
    node[key] = value
    assert len(_errors(document)) == 1


@pytest.mark.parametrize("key", sorted(SCHEMA["definitions"]["guest"]["required"]))
def test_no_key_of_a_guest_may_be_absent(key: str, rich_result: Result) -> None:
    document = json.loads(render_report(rich_result, "json"))
    del document["guests"]["linux-001"][key]
    assert _errors(document) == [f"['guests', 'linux-001']: '{key}' is a required property"]
