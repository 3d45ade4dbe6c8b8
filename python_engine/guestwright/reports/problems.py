"""Problems of files, as text for people, and as JSON, workflow commands of GitHub and SARIF for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from guestwright import __version__
from guestwright.errors import Problem
from guestwright.reports.words import count, printable

SCHEMA_VERSION = 1
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render_problems(problems: Sequence[Problem], format_name: str) -> str:
    """Return problems in one of `FORMATS`, sorted by place; each format ends in a newline unless it is empty.

    Raises:
        ValueError: there is no such format.
    """
    if format_name not in FORMATS:
        raise ValueError(f"there is no format {format_name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[format_name](sorted(problems))


def summary_line(files: int, problems: Sequence[Problem]) -> str:
    """Return one sentence for people: how many files were checked and what came of it."""
    errors = [problem for problem in problems if problem.severity == "error"]
    warnings = len(problems) - len(errors)
    refused = len({problem.file for problem in errors})
    told = [count(len(errors), "error")] if errors else []
    told += [count(warnings, "warning")] if warnings else []
    outcome = f"{refused} refused" if refused else "valid"
    return f"{count(files, 'file')}: {outcome}{''.join(f', {part}' for part in told)}"


def _text(problems: Sequence[Problem]) -> str:
    return "".join(printable(str(problem)).replace("\n", " ") + "\n" for problem in problems)


def _json(problems: Sequence[Problem]) -> str:
    document = {
        "schema_version": SCHEMA_VERSION,
        "problems": [_entry(problem) for problem in problems if problem.severity == "error"],
        "warnings": [_entry(problem) for problem in problems if problem.severity == "warning"],
    }
    return json.dumps(document, indent=2) + "\n"


def _entry(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "rule": problem.rule,
        "message": problem.message,
        "hint": problem.hint,
    }


def _github(problems: Sequence[Problem]) -> str:
    return "".join(
        f"::{problem.severity} file={_property(problem.file)},line={problem.line},col={problem.column}"
        f"::{_data(_sentence(problem))}\n"
        for problem in problems
    )


def _data(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _sentence(problem: Problem) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def _sarif(problems: Sequence[Problem]) -> str:
    rules = sorted({problem.rule for problem in problems})
    driver = {
        "name": "guestwright",
        "version": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": rule.replace("_", " ")}} for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(problem, rules) for problem in problems],
    }
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _sarif_result(problem: Problem, rules: Sequence[str]) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": _uri(problem.file)},
        "region": {"startLine": problem.line, "startColumn": problem.column},
    }
    return {
        "ruleId": problem.rule,
        "ruleIndex": rules.index(problem.rule),
        "level": problem.severity,
        "message": {"text": _sentence(problem)},
        "locations": [{"physicalLocation": place}],
    }


def _uri(path: str) -> str:
    """Return a path as a reference: absolute ones as `file:`, relative ones so that no colon makes a scheme."""
    quoted = quote(path.encode("utf-8", "surrogateescape"))
    return f"file://{quoted}" if path.startswith("/") else quoted.replace(":", "%3A")


FORMATS: Mapping[str, Callable[[Sequence[Problem]], str]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}
"""What `guestwright validate --format` takes."""
