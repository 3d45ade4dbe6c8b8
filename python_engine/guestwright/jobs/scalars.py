"""What a value without quotes is: one small, predictable reading of YAML's many.

Integers are decimal, without leading zeros and without a plus, so that `010`, `0x10`, `1_000` and `1:30` stay text
and are refused where a number is wanted, instead of becoming a number that nobody wrote; and so that an integer as
an argument of a command is passed on just as it was written. `yes`, `no`, `on` and `off` are booleans as
everywhere in Ansible. Dates stay text.
"""

from __future__ import annotations

import re

Value = str | int | float | bool | None

_BOOLEANS = {
    spelling: value
    for word, value in (("true", True), ("yes", True), ("on", True), ("false", False), ("no", False), ("off", False))
    for spelling in (word, word.capitalize(), word.upper())
}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_FLOAT = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}([eE][-+]?[0-9]{1,3})?")


def resolve(text: str) -> Value:
    """Return what a plain scalar stands for: a boolean, an integer, a decimal number, nothing (None), or text."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def kind(value: object) -> str:
    """Return the name of a value's type, as messages call it."""
    if value is None:
        return "no value"
    for python_type, name in _KINDS:
        if isinstance(value, python_type):
            return name
    return type(value).__name__


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "a mapping"),
)


def shown(text: str, most: int = 60) -> str:
    """Return text for a message: shortened, on one line, with control characters written out."""
    printable = "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text[: most + 1]
    )
    return printable if len(printable) <= most else printable[:most] + "..."
