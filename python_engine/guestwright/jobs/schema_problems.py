"""Check a document against its JSON Schema, and say what is wrong in one clear sentence each.

The schema is the only source: what a value should be is taken from its annotations (`x-guestwright-expects`,
`examples`), and durations and commands are checked by the keywords `x-guestwright-duration` and
`x-guestwright-command`.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from guestwright.errors import InvalidFileError, Problem
from guestwright.jobs import commands, durations, yaml_nodes
from guestwright.jobs.positions import Document, Scalar, named
from guestwright.jobs.scalars import kind, shown
from guestwright.schemas import load_schema

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator


@dataclass(frozen=True)
class _Misfit:
    """One error of jsonschema, as far as messages need it. `wanted` is the keyword's own value."""

    keyword: str
    wanted: Any
    schema: Mapping[str, Any]
    value: Any
    path: tuple[str | int, ...]
    message: str


_FIRST_TOLD = ("type", "const", "enum", "minLength", "maxLength", "pattern", "minItems", "maxItems")
_MOST_PROBLEMS = 300
_MOST_UNKNOWN_KEYS = 100
_TYPES = {
    "string": "text",
    "integer": "an integer",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def read(path_text: str, content: bytes, schema_name: str) -> Document:
    """Return the document of a file that is well formed and fits a schema.

    Raises:
        InvalidFileError: holds every problem of both kinds that was found.
    """
    document, problems = yaml_nodes.read(path_text, content)
    problems += check(document, schema_name)
    if problems:
        raise InvalidFileError(yaml_nodes.bounded(problems))
    return document


def check(document: Document, schema_name: str) -> list[Problem]:
    """Return what does not fit the schema; at most one problem per value, unknown and missing keys apart."""
    schema = load_schema(schema_name)
    per_value: dict[tuple[str | int, ...], _Misfit] = {}
    found: list[Problem] = []
    for misfit in _misfits(document, schema_name):
        if document.refused(misfit.path):
            continue
        if misfit.keyword == "additionalProperties":
            found += _unknown_keys(document, misfit, schema)
        elif misfit.keyword == "required":
            found += _missing_keys(document, misfit)
        elif misfit.path not in per_value or _rank(misfit) < _rank(per_value[misfit.path]):
            per_value[misfit.path] = misfit
        if len(found) + len(per_value) >= _MOST_PROBLEMS:
            break
    found += [_wrong_value(document, misfit) for misfit in per_value.values()]
    return list(dict.fromkeys(found))


def _misfits(document: Document, schema_name: str) -> Iterator[_Misfit]:
    for error in _validator(schema_name).iter_errors(document.data()):
        schema = error.schema if isinstance(error.schema, Mapping) else {}
        path = tuple(error.absolute_path)
        yield _Misfit(str(error.validator), error.validator_value, schema, error.instance, path, error.message)


@cache
def _validator(schema_name: str) -> Validator:
    """Make the validator; jsonschema is imported here because that takes longer than checking a job."""
    from jsonschema import Draft7Validator, validators

    strict_types = Draft7Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    keywords = {
        "pattern": _pattern,
        "uniqueItems": _unique,
        "x-guestwright-duration": _duration,
        "x-guestwright-command": _command,
    }
    extended = validators.extend(Draft7Validator, keywords, type_checker=strict_types)  # type: ignore[no-untyped-call]
    validator: Validator = extended(load_schema(schema_name))
    return validator


def _failure(message: str) -> ValidationError:
    from jsonschema import ValidationError

    return ValidationError(message)


def _pattern(_: object, pattern: str, instance: object, __: object) -> Iterator[ValidationError]:
    """Check a pattern as JavaScript means it: `$` is the end, also before a last line break."""
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield _failure("does not match")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


def _unique(_: object, __: object, instance: object, ___: object) -> Iterator[ValidationError]:
    """Check that items differ in linear time; jsonschema's own check is quadratic where they cannot be sorted."""
    if isinstance(instance, list) and _repeated(instance) is not None:
        yield _failure("has an item twice")


def _duration(_: object, bounds: Mapping[str, str], instance: object, __: object) -> Iterator[ValidationError]:
    try:
        length = durations.seconds(str(instance))
    except ValueError:
        return
    if not durations.seconds(bounds["minimum"]) <= length <= durations.seconds(bounds["maximum"]):
        yield _failure("is out of range")


def _command(_: object, __: object, instance: object, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    if _command_problem(instance, schema):
        yield _failure("is no command")


def _command_problem(value: object, schema: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is wrong with a command; nothing where its type is wrong already."""
    if not isinstance(value, str | list) or not value:
        return None
    if isinstance(value, list) and any(type(argument) not in {str, int} for argument in value):
        return None
    return commands.problem(value, bool(schema.get("x-guestwright-expression")))


def _rank(misfit: _Misfit) -> int:
    return _FIRST_TOLD.index(misfit.keyword) if misfit.keyword in _FIRST_TOLD else len(_FIRST_TOLD)


def _unknown_keys(document: Document, misfit: _Misfit, schema: Mapping[str, Any]) -> Iterator[Problem]:
    path = misfit.path
    known = list(misfit.schema.get("properties", {}))
    where = f" in `{named(path)}`" if path else ""
    homes = _homes(schema)
    unknown = (key for key in misfit.value if key not in known)
    for key in islice(unknown, _MOST_UNKNOWN_KEYS):
        line, column = document.locate_key((*path, key))
        message = f"unknown key `{shown(key)}`{where}"
        yield Problem(document.file, line, column, message, _nearest_key(key, known, homes), "unknown_key")


def _nearest_key(key: str, known: Sequence[str], homes: Mapping[str, str]) -> str:
    if key in homes:
        return f"it belongs {homes[key]}"
    near = nearest(key, known)
    if near:
        return f"did you mean `{near}`?"
    near = nearest(key, homes)
    if near:
        return f"did you mean `{near}` {homes[near]}?"
    return f"valid keys: {', '.join(known)}"


def nearest(word: str, words: Sequence[str] | Mapping[str, Any]) -> str:
    """Return the word that was probably meant; empty where none is near."""
    close = difflib.get_close_matches(word[:100].lower().replace("-", "_"), list(words), n=1, cutoff=0.7)
    return close[0] if close else ""


def _homes(schema: Mapping[str, Any]) -> dict[str, str]:
    """Return where each key of a schema belongs; keys that several mappings have are left out."""
    homes: dict[str, str] = {}
    repeated: set[str] = set()
    parts: list[tuple[Mapping[str, Any], str]] = [(schema, "")]
    for part, path in parts:
        for key, value in part.get("properties", {}).items():
            if key in homes:
                repeated.add(key)
            homes[key] = f"in `{path}`" if path else "at the top of the file"
            if "$ref" in value:
                parts.append((schema["definitions"][value["$ref"].rsplit("/", 1)[1]], key))
            elif value.get("type") == "object":
                parts.append((value, f"{path}.{key}" if path else key))
    return {key: home for key, home in homes.items() if key not in repeated}


def _missing_keys(document: Document, misfit: _Misfit) -> Iterator[Problem]:
    path = misfit.path
    line, column = document.locate(path)
    for key in misfit.wanted:
        if key not in misfit.value:
            example = _example({"examples": misfit.schema["properties"][key].get("examples", [])})
            message = f"the key `{named((*path, key))}` is missing"
            yield Problem(document.file, line, column, message, f"for example: {key}: {example}", "missing_key")


def _wrong_value(document: Document, misfit: _Misfit) -> Problem:
    path = misfit.path
    repeated = _repeated(misfit.value) if misfit.keyword == "uniqueItems" else None
    line, column = document.locate(path if repeated is None else (*path, repeated))
    name = f"`{named(path)}`" if path else "the file"
    message, hint, rule = _explain(document, misfit)
    return Problem(document.file, line, column, f"{name} {message}", hint, rule)


def _explain(document: Document, misfit: _Misfit) -> tuple[str, str, str]:
    schema, value = misfit.schema, misfit.value
    example = f"for example: {_example(schema)}" if schema.get("examples") else ""
    match misfit.keyword:
        case "type":
            return _wrong_type(document, misfit, example)
        case "enum" | "const":
            choices = _choices(schema)
            near = nearest(str(value), choices)
            return (
                f"must be {_one_of(choices)}, not `{shown(str(value))}`",
                f"did you mean `{near}`?" if near and len(choices) > 1 else "",
                "not_allowed",
            )
        case "minimum" | "maximum":
            low, high = schema.get("minimum"), schema.get("maximum")
            return f"must be between {low} and {high}, not {shown(str(value))}", example, "out_of_range"
        case "x-guestwright-duration":
            return f"must be {schema['x-guestwright-expects']}, not `{shown(value)}`", "", "out_of_range"
        case "pattern":
            return f"must be {_expected(schema)}, not `{shown(value)}`", "", "pattern"
        case "minItems" | "minLength":
            return "is empty", example, "empty_value"
        case "maxItems" | "maxLength":
            what = "items" if misfit.keyword == "maxItems" else "characters"
            return f"has more than {misfit.wanted} {what}", "", "too_large"
        case "x-guestwright-command":
            message, hint = _command_problem(value, schema) or ("is no command", example)
            return message, hint, "command"
        case "uniqueItems":
            return f"holds `{shown(str(value[_repeated(value) or 0]))}` twice", "keep one", "duplicate"
        case _:
            return shown(misfit.message, 200), example, "schema"


def _wrong_type(document: Document, misfit: _Misfit, example: str) -> tuple[str, str, str]:
    schema, value = misfit.schema, misfit.value
    node = document.node(misfit.path)
    written = shown(node.text) if isinstance(node, Scalar) else ""
    what = f"must be {_expected(schema)}"
    if isinstance(value, bool) and node is not None:
        if value is False and "disabled" in schema.get("enum", ()):
            return f"{what}, but YAML reads `{written}` as a boolean", "did you mean `disabled`?", "type"
        hint = f'put it in quotes: "{written}"' if _takes_any_text(schema) else example
        return f"{what}, but YAML reads `{written}` as a boolean", hint, "type"
    if isinstance(value, int | float) and "x-guestwright-duration" in schema:
        return (
            f"{what}, not the number {written}",
            f"add a unit: {written}s, {written}m, {written}h or {written}d",
            "type",
        )
    if isinstance(value, int | float) and _takes_any_text(schema):
        return f"{what}, not the number {written}", f'put it in quotes: "{written}"', "type"
    if written:
        return f"{what}, not {kind(value)}: `{written}`", example, "type"
    return f"{what}, not {kind(value)}", example, "type"


def _takes_any_text(schema: Mapping[str, Any]) -> bool:
    return "string" in _list(schema.get("type")) and not {"enum", "const"} & set(schema)


def _expected(schema: Mapping[str, Any]) -> str:
    if "x-guestwright-expects" in schema:
        return str(schema["x-guestwright-expects"])
    if "enum" in schema or "const" in schema:
        return _one_of(_choices(schema))
    return " or ".join(_TYPES.get(name, name) for name in _list(schema.get("type")))


def _choices(schema: Mapping[str, Any]) -> list[str]:
    return list(schema.get("enum") or [schema["const"]])


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _one_of(choices: Sequence[str]) -> str:
    if len(choices) == 1:
        return f"`{choices[0]}`"
    return f"one of {', '.join(choices)}"


def _example(schema: Mapping[str, Any]) -> str:
    examples = schema.get("examples") or [""]
    return _flow(examples[0])


def _flow(value: object) -> str:
    """Return a value as YAML in one line; its text is quoted only where YAML would read it otherwise."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z/][\w/.-]*", value):
        return value
    return json.dumps(value)


def _repeated(values: Sequence[object]) -> int | None:
    """Return the index of the first value that has been there before; None where all differ."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        text = json.dumps(value, sort_keys=True)
        if text in seen:
            return index
        seen.add(text)
    return None
