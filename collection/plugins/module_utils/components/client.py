# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speaking to a Guest Helper over its unix socket."""

from __future__ import annotations

import json
import socket
from typing import Any

from . import paths, wire
from .version import PROTOCOL
from .wire import GuestError


def call(request: dict[str, Any], timeout: float | None = None) -> dict[str, Any]:
    """Send one request to the session's helper and return its answer.

    Args:
        request: as the wire protocol has it.
        timeout: seconds to wait for the answer; None: as long as the helper lives.

    Raises:
        GuestError: `helper_not_running` where nothing answers, `helper_lost` where it ended before it answered.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5.0)
        try:
            connection.connect(paths.inside(request["session"], paths.SOCKET))
            connection.sendall(wire.encode(request))
        except OSError as error:
            raise GuestError(
                "helper_not_running", f"the Guest Helper of session {request['session']} does not answer: {error}"
            ) from error
        connection.settimeout(timeout)
        return _read_answer(connection, request["session"])


def _read_answer(connection: socket.socket, session: str) -> dict[str, Any]:
    received = bytearray()
    while not received.endswith(b"\n"):
        try:
            chunk = connection.recv(65536)
        except OSError as error:
            raise GuestError("helper_lost", f"the Guest Helper of session {session} did not answer: {error}") from error
        if not chunk:
            raise GuestError("helper_lost", f"the Guest Helper of session {session} ended before it answered")
        received += chunk
    answer: dict[str, Any] = json.loads(received.decode("ascii"))
    return answer


def status(session: str, timeout: float = 5.0) -> dict[str, Any] | None:
    """Return what a session's helper says of itself; None where none answers."""
    request = {"protocol": PROTOCOL, "session": session, "operation": "status", "verb": "status", "arguments": {}}
    try:
        answer = call(request, timeout)
    except GuestError:
        return None
    result: dict[str, Any] | None = answer.get("result")
    return result
