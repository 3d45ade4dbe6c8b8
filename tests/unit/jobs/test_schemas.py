"""The schemas: complete for people, valid for programs, and equal to the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from guestwright.jobs import model
from guestwright.jobs.build import BACKUP_TIMEOUT, SNAPSHOT_TIMEOUT
from guestwright.jobs.durations import seconds
from guestwright.jobs.schema_problems import _validator
from guestwright.schemas import NAMES, load_schema, schema_text
from guestwright.schemas.markdown import page
from jsonschema import Draft7Validator

OWN = ("job", "assumptions")
ROOT = Path(__file__).parents[3]


def mappings(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield path, part
        for key, value in part.items():
            if key not in {"examples", "default"}:
                yield from mappings(value, f"{path}/{key}")


def keys(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, mapping in mappings(load_schema(name)):
        for key, value in mapping.get("properties", {}).items():
            yield f"{path}/{key}", value


@pytest.mark.parametrize("name", OWN)
def test_a_schema_is_draft_07(name: str) -> None:
    assert load_schema(name)["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(load_schema(name))


@pytest.mark.parametrize("name", OWN)
def test_every_key_has_a_description_and_examples_that_are_valid(name: str) -> None:
    found = list(keys(name))
    assert len(found) > 10
    for path, value in found:
        assert value["description"].endswith("."), path
        assert value["examples"], path
        for example in [*value["examples"], *([value["default"]] if "default" in value else [])]:
            problems = list(
                _validator(name)
                .evolve(schema={**value, "definitions": load_schema(name).get("definitions", {})})
                .iter_errors(example)
            )
            assert problems == [], path


@pytest.mark.parametrize("name", OWN)
def test_no_mapping_takes_unknown_keys(name: str) -> None:
    for path, mapping in mappings(load_schema(name)):
        if "properties" in mapping:
            assert mapping["additionalProperties"] is False, path
        else:
            assert isinstance(mapping["additionalProperties"], dict), path


def test_only_the_commands_of_the_session_are_expressions() -> None:
    marked = [path for path, value in keys("job") if value.get("x-guestwright-expression")]
    assert marked == [
        "/properties/session/properties/snapshot/command",
        "/properties/session/properties/backup/command",
    ]
    assert schema_text("job").count("x-guestwright-expression") == 3
    assert "x-guestwright-expression" in load_schema("job")["description"]


PARTS = {
    "guest_processing": model.GuestProcessing,
    "scripts": model.Scripts,
    "applications": model.Applications,
    "transaction_logs": model.TransactionLogs,
    "indexing": model.Indexing,
    "guest_interaction_proxies": model.GuestInteractionProxies,
    "network": model.Network,
    "components": model.Components,
    "session": model.Session,
}


def schema_of(part: str) -> dict[str, Any]:
    schema = load_schema("job")
    processing = schema["definitions"]["guest_processing"]
    if part == "guest_processing":
        return dict(processing)
    return dict(schema["properties"].get(part) or processing["properties"][part])


@pytest.mark.parametrize("part", PARTS)
def test_keys_and_defaults_are_those_of_the_model(part: str) -> None:
    properties = schema_of(part)["properties"]
    fields = {field.name: field for field in dataclasses.fields(PARTS[part])}
    assert list(properties) == list(fields)
    for name, value in properties.items():
        if "default" in value:
            default = seconds(value["default"]) if "x-guestwright-duration" in value else value["default"]
            assert default == (list(fields[name].default) if isinstance(default, list) else fields[name].default), name
        else:
            assert value["type"] == "object", name


def test_default_timeouts_of_the_session_are_those_of_the_code() -> None:
    properties = schema_of("session")["properties"]
    assert seconds(properties["snapshot"]["properties"]["timeout"]["default"]) == SNAPSHOT_TIMEOUT
    assert seconds(properties["backup"]["properties"]["timeout"]["default"]) == BACKUP_TIMEOUT


@pytest.mark.parametrize("name", OWN)
def test_the_reference_page_is_made_from_the_schema(name: str) -> None:
    written = (ROOT / "docs/reference" / f"{name}.md").read_text()
    assert written == page(load_schema(name)), f"guestwright schema {name} --format markdown > docs/reference/{name}.md"


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_makes_a_page(name: str) -> None:
    text = page(load_schema(name))
    assert text.startswith("# ")
    for key in load_schema(name)["properties"]:
        assert f"| `{key}`" in text


def test_an_unknown_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no schema 'jobs'; there are job, plan"):
        schema_text("jobs")
