"""The implementation that the conformance suite tests by default: the guest program on this machine."""

from __future__ import annotations

import socket
from typing import Any

from ansible_collections.guestwright.components.plugins.plugin_utils import guest_program
from guest_programs import command, execute


class LocalGuest:
    """What `connect` returns: two ways to one guest, in the words of the wire protocol."""

    def __init__(self, session: str) -> None:
        self._session = session

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request as a client would that knows only the guest, and return the answer document."""
        done = execute(command(request))
        assert done.returncode == 0, done.stderr
        return guest_program.parse(done.stdout.decode())

    def open(self) -> socket.socket:
        """Return a connection to the helper of the session: a stream of frames."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        connection.connect(f"/run/guestwright/{self._session}/helper.sock")
        return connection


def connect(session: str) -> LocalGuest:
    """Return the ways to a guest for one session."""
    return LocalGuest(session)
