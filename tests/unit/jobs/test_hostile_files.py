"""Whatever a file holds, loading it either works or is refused with places, and soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from guestwright.errors import InvalidFileError, Problem
from guestwright.jobs.assumptions import load_assumptions
from guestwright.jobs.load import load_job
from guestwright.jobs.yaml_text import MOST_BYTES
from guestwright.schemas import load_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HEAD = b"api_version: guestwright/v1\nkind: backup_job\nname: nightly\n"
SLOWEST_SECONDS = 10.0
"""Of CPU time: far above what is measured (under 2 s), also with coverage; far below what an explosion takes."""


def load_or_refuse(content: bytes) -> None:
    for load in (load_job, load_assumptions):
        problems = refusal(load, content)
        assert len(problems) <= 200
        assert list(problems) == sorted(problems)
        assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in problems)
        text = "".join(problem.message + problem.hint for problem in problems)
        assert "\n" not in text
        text.encode()


def refusal(load: Callable[[str, bytes], object], content: bytes) -> tuple[Problem, ...]:
    """Return the problems that a file is refused for; anything else that is raised fails the test."""
    try:
        load("file.yml", content)
    except InvalidFileError as error:
        return error.problems or (Problem("file.yml", 0, 0, ""),)
    return ()


def _keys(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        return set(schema.get("properties", {})).union(*(_keys(value) for value in schema.values()))
    if isinstance(schema, list):
        return set().union(*(_keys(value) for value in schema))
    return set()


KEYS = st.sampled_from(sorted(_keys(load_schema("job")) | _keys(load_schema("assumptions"))))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["30s", "guestwright/v1", "backup_job", "/srv", "only", "job", "{{ x }}", "disabled", "admin", "a 'b"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=5),
    max_leaves=25,
)
COMMON = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@COMMON
@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    load_or_refuse(content)


@COMMON
@given(st.text(st.sampled_from(list("ab: -[]{}\n\t&*!|>'\"#%@`,?~<=.0x1")), max_size=120))
def test_anything_that_looks_like_yaml(text: str) -> None:
    load_or_refuse(text.encode())
    load_or_refuse(HEAD + text.encode())


@COMMON
@given(st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_values_under_the_keys_of_a_job(data: dict[str, Any]) -> None:
    content = yaml.safe_dump({"api_version": "guestwright/v1", "kind": "backup_job", "name": "n", **data})
    load_or_refuse(content.encode())


HOSTILE = {
    "deep lists": b"[" * 500_000,
    "deep mappings": b"{a: " * 250_000,
    "deep blocks": b"- " * 500_000,
    "deep keys": b"? " * 500_000,
    "wide list": b"[" + b"[]," * 300_000,
    "many nulls": b"[" + b"~," * 400_000,
    "many keys": b"".join(b"k%d: 1\n" % number for number in range(10_000)),
    "duplicate keys": b"a: 1\n" * 200_000,
    "many anchors": b"".join(b"a%d: &a%d 1\n" % (number, number) for number in range(10_000)),
    "alias flood": b"a: &a [x]\nb: [" + b"*a," * 300_000 + b"]",
    "one long text": b"x" * 1_000_000,
    "one long number": HEAD + b"session: {parallel: " + b"9" * 1_000_000 + b"}",
    "open quotes": b'"' + b"a\n" * 500_000,
    "control characters": b"\x01" * 1_000_000,
    "tabs": b"a: b: c\n" + b"\t\n" * 400_000,
    "items that cannot be sorted": HEAD
    + b"guest_interaction_proxies: {servers: ["
    + b",".join(b"{a: %d}" % number if number % 2 else b"%d" % number for number in range(10_000))
    + b"]}",
    "long path": HEAD + b"guest_processing: {applications: {filesystems: [/" + b"a/" * 400_000 + b"]}}",
    "long command": HEAD + b"guests: [{hosts: a}]\nsession: {snapshot: {command: '" + b"a b " * 16_000 + b"'}}",
    "much that is unknown": HEAD + b"guests:\n" + b"".join(b"  - hoss: w%d\n" % number for number in range(8_000)),
    "more than is read": b"#" * (MOST_BYTES + 1),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_costs_little(content: bytes) -> None:
    started = time.process_time()
    load_or_refuse(content)
    assert time.process_time() - started < SLOWEST_SECONDS


def test_the_largest_size_is_still_read() -> None:
    content = HEAD + b"guests: [{hosts: web}]\n"
    load_job("file.yml", content + b"#" * (MOST_BYTES - len(content)))
    with pytest.raises(InvalidFileError, match="larger than 1048576 bytes"):
        load_job("file.yml", content + b"#" * (MOST_BYTES - len(content) + 1))


def test_thousands_of_guests_may_be_named_one_by_one() -> None:
    job = load_job("file.yml", HEAD + b"guests:\n" + b"".join(b"  - hosts: web-%05d\n" % n for n in range(4_000)))
    assert len(job.guests) == 4_000
    assert job.guests[-1].hosts == "web-03999"
