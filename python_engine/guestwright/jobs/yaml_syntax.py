"""What YAML's own syntax errors mean, in words of the person who wrote the file."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from guestwright.errors import Problem

_MEANINGS = (
    (
        "mapping values are not allowed",
        "a colon stands where no key can be",
        "put text that holds a colon in quotes, write a space after a key's colon, and check the indentation",
    ),
    ("could not find expected ':'", "a key has no colon", "write `key: value`, or put the text in quotes"),
    (
        "did not find expected '-' indicator",
        "a list goes on without `- `",
        "begin every item of the list with `- ` in the same column",
    ),
    (
        "did not find expected ',' or ']'",
        "a list in [brackets] does not end where it should",
        "close it with ], and put a comma between its items",
    ),
    (
        "did not find expected ',' or '}'",
        "a mapping in {braces} does not end where it should",
        "close it with }, and put a comma between its keys",
    ),
    (
        "found unexpected end of stream",
        "the file ends inside a quoted text",
        "close the quotes that were opened here",
    ),
    (
        "did not find expected key",
        "a key was expected here",
        "check the indentation, and put text that begins with a special character in quotes",
    ),
    (
        "did not find expected <document start>",
        "the indentation does not match the lines above",
        "begin all top-level keys in the first column",
    ),
    (
        "found character that cannot start any token",
        "no value can begin with this character",
        "put the text in quotes",
    ),
    (
        "did not find expected alphabetic or numeric character",
        "& begins an anchor and * an alias, and its name is missing",
        "put text that begins with & or * in quotes",
    ),
    (
        "did not find expected tag URI",
        "! begins a tag, and its name is missing",
        "put text that begins with ! in quotes",
    ),
    (
        "block sequence entries are not allowed",
        "a list item stands where none can be",
        "begin a list on a line of its own, under its key",
    ),
    ("found unknown escape character", "there is no such escape in double quotes", "use single quotes, or write \\\\"),
    ("found invalid Unicode character", "there is no such Unicode character", "correct the escape"),
    ("found incompatible YAML document", "the file asks for another version of YAML", "remove the %YAML line"),
    ("exceeded maximum nesting depth", "the file is nested too deeply", "write it flatter"),
)
_TOLD_WHERE_IT_BEGINS = ("found unexpected end of stream", "could not find expected ':'")
_OPEN = ("did not find expected ',' or",)
_MOST_TABS_TOLD = 20


def problems(file: str, text: str, error: yaml.YAMLError) -> list[Problem]:
    """Return what a syntax error means; a tab in an indentation is told for every line that has one from there on."""
    cause = str(getattr(error, "problem", None) or "it cannot be read")
    mark = getattr(error, "problem_mark", None)
    beginning = getattr(error, "context_mark", None)
    if cause.startswith(_TOLD_WHERE_IT_BEGINS):
        mark = beginning or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    tabs = list(_tabs(file, text, line))
    if tabs and tabs[0].line == line:
        return tabs
    for words, message, hint in _MEANINGS:
        if cause.startswith(words):
            where = ""
            if beginning and cause.startswith(_OPEN):
                where = f"it begins at {beginning.line + 1}:{beginning.column + 1}; "
            return [Problem(file, line, column, f"YAML syntax: {message}", where + hint, "yaml_syntax")]
    return [Problem(file, line, column, f"YAML syntax: {cause}", "", "yaml_syntax")]


def _tabs(file: str, text: str, first_line: int) -> Iterator[Problem]:
    told = 0
    for number, line in enumerate(text.splitlines(), start=1):
        indentation = line[: len(line) - len(line.lstrip(" \t"))]
        if number >= first_line and "\t" in indentation and told < _MOST_TABS_TOLD:
            told += 1
            column = indentation.index("\t") + 1
            yield Problem(file, number, column, "a tab in the indentation", "indent with spaces", "tab")
