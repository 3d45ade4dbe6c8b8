"""A schema as a page for people: one table per mapping, made from the schema alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES = {"string": "text", "array": "list", "object": "mapping", "null": "null"}


def page(schema: Mapping[str, Any]) -> str:
    """Return the page of a schema, in Markdown.

    Args:
        schema: a JSON Schema whose references all lead into its own `definitions`.
    """
    title = schema["title"]
    lines = [f"# {title[0].upper()}{title[1:]}", "", schema["description"], ""]
    lines += [
        "A key that is marked * must be there. The page is made from the JSON Schema that `guestwright schema` prints.",
        "",
    ]
    for path, part in _mappings(schema, schema, ""):
        if path:
            lines += [f"## `{path}`", "", part.get("description", ""), ""]
        lines += ["| Key | Value | Default | Meaning | Example |", "|---|---|---|---|---|"]
        lines += [_row(key, value, part, schema) for key, value in part["properties"].items()]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _mappings(part: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every mapping that has keys of its own; a definition that is a key of the file is told there only."""
    name = part.get("$ref", "").rsplit("/", 1)[-1]
    if name in schema.get("properties", {}) and path != name:
        return
    whole = _resolved(part, schema)
    if "properties" in whole:
        yield path, whole
        for key, value in whole["properties"].items():
            yield from _mappings(value, schema, f"{path}.{key}" if path else key)
    for key, suffix in (("items", "[]"), ("additionalProperties", ".NAME")):
        if isinstance(whole.get(key), Mapping):
            yield from _mappings(whole[key], schema, path + suffix)


def _resolved(value: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in value:
        return value
    definition = schema["definitions"][value["$ref"].rsplit("/", 1)[1]]
    return {**definition, **{key: each for key, each in value.items() if key != "$ref"}}


def _row(key: str, value: Mapping[str, Any], part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    resolved = _resolved(value, schema)
    mark = " *" if key in part.get("required", ()) else ""
    default = f"`{_shown(resolved['default'])}`" if "default" in resolved else ""
    example = f"`{_shown(resolved['examples'][0])}`" if resolved.get("examples") else ""
    meaning = resolved.get("description", "")
    if resolved.get("x-guestwright-expression"):
        meaning += " **Evaluated by Ansible.**"
    cells = (f"`{key}`{mark}", _kind(resolved), default, meaning, example)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _kind(value: Mapping[str, Any]) -> str:
    if "enum" in value:
        return ", ".join(f"`{_shown(each)}`" for each in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    if "x-guestwright-duration" in value:
        bounds = value["x-guestwright-duration"]
        return f"duration, {bounds['minimum']} to {bounds['maximum']}"
    if "x-guestwright-command" in value:
        return "list of arguments, or text"
    if "minimum" in value and "maximum" in value:
        return f"integer, {value['minimum']} to {value['maximum']}"
    if "x-guestwright-expects" in value:
        return str(value["x-guestwright-expects"])
    kinds = value.get("type", "")
    names = [str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])]
    return " or ".join(_TYPES.get(name, name) for name in names)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
