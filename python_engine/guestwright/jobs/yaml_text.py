"""From bytes to text that YAML may read: size, encoding and characters, each refused with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guestwright.errors import Problem

MOST_BYTES = 1024 * 1024
"""The largest file that is read. A job that names ten thousand guests one by one is smaller."""

_UTF_8_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_MOST_CHARACTERS_TOLD = 20


def decode(file: str, content: bytes) -> tuple[str, list[Problem]]:
    """Return the text of a file, and what is wrong with it; with problems the text is empty.

    Args:
        file: the path as the user gave it.
        content: the file's bytes.
    """
    if len(content) > MOST_BYTES:
        message = f"the file is larger than {MOST_BYTES} bytes"
        return "", [Problem(file, 1, 1, message, "name groups of the inventory instead of single guests", "too_large")]
    if content.startswith(_UTF_8_MARK):
        message = "the file begins with a byte order mark"
        return "", [Problem(file, 1, 1, message, "save it as UTF-8 without one", "encoding")]
    if content.startswith(_UTF_16_MARKS):
        return "", [Problem(file, 1, 1, "the file is UTF-16, not UTF-8", "save it as UTF-8", "encoding")]
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode())
        message = f"the byte 0x{content[error.start]:02x} is not UTF-8"
        return "", [Problem(file, line, column, message, "save the file as UTF-8", "encoding")]
    problems = list(_forbidden(file, text))
    return ("" if problems else text), problems


def _forbidden(file: str, text: str) -> Iterator[Problem]:
    for number, match in enumerate(_FORBIDDEN.finditer(text)):
        if number == _MOST_CHARACTERS_TOLD:
            return
        line, column = _place(text[: match.start()])
        message = f"the character U+{ord(match[0]):04X} is not allowed in a file"
        yield Problem(file, line, column, message, "remove it", "character")


def _place(before: str) -> tuple[int, int]:
    lines = re.split("\r\n|\r|\n", before)
    return len(lines), len(lines[-1]) + 1
