"""The reference pages hold what the code says; `UPDATE_GOLDEN=1` rewrites the tables in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from golden_files import assert_golden
from guestwright.exit_codes import ExitCode
from guestwright.reports import FORMATS
from guestwright.reports.advice import ADVICE, EXIT_CODE_MEANINGS

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
SCHEMA: dict[str, Any] = json.loads((files("guestwright") / "schemas" / "result.json").read_text())


def _table(head: str, rows: Iterator[str]) -> str:
    return "\n".join([head, re.sub(r"[^|]+", "---", head), *rows])


def _keys() -> str:
    def rows(node: dict[str, Any], prefix: str) -> Iterator[str]:
        for key, entry in node.get("properties", {}).items():
            yield f"| `{prefix}{key}` | {_type(entry)} | {entry['description'].replace('|', '&#124;')} |"
            yield from rows(entry, f"{prefix}{key}.")
            yield from rows(entry.get("items", {}), f"{prefix}{key}[].")

    guest = SCHEMA["definitions"]["guest"]
    return _table("| Key | Type | Meaning |", iter([*rows(SCHEMA, ""), *rows(guest, "guests.NAME.")]))


def _type(entry: dict[str, Any]) -> str:
    if "enum" in entry:
        return ", ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in entry["enum"])
    if "const" in entry:
        return f"`{entry['const']}`"
    kinds = entry["type"] if isinstance(entry["type"], list) else [entry["type"]]
    return " or ".join(kinds)


def _error_codes() -> str:
    rows = (f"| `{code}` | {advice.phase or 'any'} | {advice.next_step} |" for code, advice in sorted(ADVICE.items()))
    return _table("| Code | Phase | What to do next |", rows)


def _formats() -> str:
    rows = (
        f"| `{name}` | {', '.join(f'`{suffix}`' for suffix in entry.suffixes) or 'none'} | {entry.purpose} |"
        for name, entry in FORMATS.items()
    )
    return _table("| Format | File suffixes | Read by |", rows)


def _exit_codes() -> str:
    rows = (f"| {int(code)} | {EXIT_CODE_MEANINGS[code]} |" for code in ExitCode)
    return _table("| Code | Meaning |", rows)


@pytest.mark.parametrize(
    ("page", "tables"),
    [
        ("result.md", {"keys": _keys, "error codes": _error_codes, "formats": _formats}),
        ("exit-codes.md", {"exit codes": _exit_codes}),
    ],
)
def test_page_holds_what_the_code_says(page: str, tables: dict[str, Any]) -> None:
    text = (REFERENCE / page).read_text()
    for name, table in tables.items():
        section = re.compile(rf"<!-- begin: {name} [^\n]*-->\n(.*?)<!-- end: {name} -->", re.DOTALL)
        (found,) = section.finditer(text)
        text = f"{text[: found.start(1)]}{table()}\n{text[found.end(1) :]}"
    assert_golden(REFERENCE / page, text)
