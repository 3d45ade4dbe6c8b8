# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the wire protocol: requests, answers, frames and errors (docs/reference/wire-protocol.md)."""

from __future__ import annotations

import json
import re
from typing import Any

from .version import PROTOCOL

MARKER = "GUESTWRIGHT-ANSWER "
ARGV_WORD = "guestwright-guest"
FRAME_LIMIT = 1 << 20
SESSION_PATTERN = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
OPERATION_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
VERBS = ("prepare", "probe", "status", "freeze", "thaw", "release", "orphans")

NOT_FROZEN: dict[str, Any] = {
    "held": False,
    "seconds": 0.0,
    "ended_by": "not_frozen",
    "file_systems": [],
    "scripts": [],
    "warnings": [],
}


class GuestError(Exception):
    """An error that is answered: a stable code, a sentence for people, and what was reached before it.

    Attributes:
        code: one of the codes that the wire protocol lists.
        message: what is wrong and what to do next.
        details: the partial result, where there is one.
    """

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


def success(operation: str, result: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to an operation that was done."""
    return {"protocol": PROTOCOL, "operation": operation, "ok": True, "result": result}


def failure(operation: str, error: GuestError) -> dict[str, Any]:
    """Return the answer to an operation that was not done."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details is not None:
        body["details"] = error.details
    return {"protocol": PROTOCOL, "operation": operation, "ok": False, "error": body}


def encode(document: dict[str, Any]) -> bytes:
    """Return a document as one frame: one line of ASCII JSON."""
    return json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"


def decode_request(frame: bytes) -> dict[str, Any]:
    """Read and check a request.

    Raises:
        GuestError: `invalid_request` or `protocol_mismatch`.
    """
    try:
        request = json.loads(frame.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise GuestError("invalid_request", f"the request is not JSON: {error}") from error
    if not isinstance(request, dict):
        raise GuestError("invalid_request", "the request is not a JSON object")
    if request.get("protocol") != PROTOCOL:
        raise GuestError(
            "protocol_mismatch", f"this component speaks protocol {PROTOCOL}, not {request.get('protocol')!r}"
        )
    _match(request, "session", SESSION_PATTERN)
    _match(request, "operation", OPERATION_PATTERN)
    if request.get("verb") not in VERBS:
        raise GuestError("unknown_verb", f"there is no verb {request.get('verb')!r}; known: {', '.join(VERBS)}")
    if not isinstance(request.setdefault("arguments", {}), dict):
        raise GuestError("invalid_request", "arguments is not an object")
    return request


def _match(request: dict[str, Any], key: str, pattern: re.Pattern[str]) -> None:
    value = request.get(key)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise GuestError("invalid_request", f"{key} is {value!r}, it must match {pattern.pattern}")


def seconds(arguments: dict[str, Any], key: str, default: float) -> float:
    """Return a duration in seconds.

    Raises:
        GuestError: `invalid_request` where it is not a positive number.
    """
    value = arguments.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 30 * 86400:
        raise GuestError("invalid_request", f"{key} is {value!r}, not a number of seconds up to 30 days")
    return float(value)


def strings(arguments: dict[str, Any], key: str) -> list[str]:
    """Return a list of strings; empty where it is absent.

    Raises:
        GuestError: `invalid_request`.
    """
    value = arguments.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, str) and "\0" not in item for item in value):
        raise GuestError("invalid_request", f"{key} is not a list of strings")
    return value


def commands(arguments: dict[str, Any], key: str) -> list[list[str]]:
    """Return a list of commands, each a list of arguments with at least one.

    Raises:
        GuestError: `invalid_request`.
    """
    value = arguments.get(key) or []
    if not isinstance(value, list):
        raise GuestError("invalid_request", f"{key} is not a list of commands")
    for command in value:
        if not isinstance(command, list) or not command or not strings({key: command}, key):
            raise GuestError("invalid_request", f"a command of {key} is not a list of arguments")
    return value
