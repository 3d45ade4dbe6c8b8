# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Guest Helper in runtime mode: answers on a root-only unix socket until its time to live ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

from . import paths, wire
from .operations import Operations
from .version import VERSION
from .wire import GuestError

if TYPE_CHECKING:
    from .quiescence import Quiescence

_CONNECTIONS = 32
_REQUEST_SECONDS = 5.0


class Helper:
    """One session's helper.

    Args:
        session: its name.
        settings: what `prepare` wrote: `{build, owner, time_to_live, homes}`.
    """

    def __init__(self, session: str, settings: dict[str, Any]) -> None:
        self._session = session
        self._settings = settings
        self._freezing: Quiescence | None = None
        self._lock = threading.Lock()
        self._operations = Operations()
        self._time_to_live = float(settings["time_to_live"])
        self._deadline = time.monotonic() + self._time_to_live
        self._slots = threading.BoundedSemaphore(_CONNECTIONS)
        self._released = threading.Event()
        self._terminated = False
        self._woken, self.wake = os.pipe()
        os.set_blocking(self.wake, False)

    def serve(self, listener: socket.socket) -> None:
        """Answer until the session is released, the time to live ends, or a signal comes."""
        listener.setblocking(False)
        while not self._released.is_set() and not self._terminated and not self._expired():
            readable = select.select([listener.fileno(), self._woken], [], [], self._patience())[0]
            if listener.fileno() not in readable:
                continue
            try:
                connection, _address = listener.accept()
            except OSError:
                time.sleep(0.01)
                continue
            connection.setblocking(True)
            if not self._slots.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()
        if self._freezing and not self._released.is_set():
            self._freezing.end()

    def _quiescence(self) -> Quiescence:
        """Return what freezes and thaws; it is loaded when it is first needed, as many a helper never is asked to."""
        from .quiescence import Quiescence

        with self._lock:
            if self._freezing is None:
                self._freezing = Quiescence(self._session, self._settings["homes"])
            return self._freezing

    def terminate(self, *_: object) -> None:
        """End as at the end of the time to live (a signal handler)."""
        self._terminated = True

    def _expired(self) -> bool:
        return time.monotonic() >= self._deadline and not self._operations.running

    def _patience(self) -> float:
        """Return for how long nothing can be due; short where an operation outlasts the time to live."""
        return max(0.2, min(60.0, self._deadline - time.monotonic()))

    def _renew(self) -> None:
        self._deadline = time.monotonic() + self._time_to_live

    def _converse(self, connection: socket.socket) -> None:
        released = False
        try:
            with connection:
                frame = _read_frame(connection)
                if frame is None:
                    return
                answer, released = self._answer(frame)
                connection.settimeout(_REQUEST_SECONDS)
                with contextlib.suppress(OSError):
                    connection.sendall(wire.encode(answer))
        finally:
            self._slots.release()
            if released:
                self._released.set()
                os.write(self.wake, b"r")

    def _answer(self, frame: bytes) -> tuple[dict[str, Any], bool]:
        operation = "unknown"
        try:
            request = wire.decode_request(frame)
            operation = request["operation"]
            self._check_session(request)
            self._renew()
            if request["verb"] == "status":
                return wire.success(operation, self._status()), False
            fingerprint = json.dumps([request["verb"], request["arguments"]], sort_keys=True)
            answer = self._operations.run(operation, fingerprint, lambda: self._do(request))
            self._renew()
            return answer, request["verb"] == "release"
        except GuestError as error:
            return wire.failure(operation, error), False

    def _check_session(self, request: dict[str, Any]) -> None:
        if request["session"] != self._session:
            raise GuestError("session_mismatch", f"this is the Guest Helper of session {self._session}")

    def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        verb = request["verb"]
        if verb == "freeze":
            return self._quiescence().freeze(request["arguments"])
        if verb == "thaw":
            return self._freezing.thaw() if self._freezing else dict(wire.NOT_FROZEN)
        if verb == "release":
            return self._freezing.end() if self._freezing else dict(wire.NOT_FROZEN)
        raise GuestError("unknown_verb", f"the Guest Helper does not do {verb}: it runs in a process of its own")

    def _status(self) -> dict[str, Any]:
        return {
            "state": self._freezing.state if self._freezing else "idle",
            "version": VERSION,
            "build": self._settings["build"],
            "pid": os.getpid(),
            "time_to_live_left": round(max(0.0, self._deadline - time.monotonic()), 3),
            "owner": self._settings["owner"],
        }


def _read_frame(connection: socket.socket) -> bytes | None:
    """Read one request; None where the peer is not root, is too slow, or sends more than a frame."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    if struct.unpack("3i", credentials)[1] != 0:
        return None
    deadline = time.monotonic() + _REQUEST_SECONDS
    received = bytearray()
    while not received.endswith(b"\n"):
        remaining = deadline - time.monotonic()
        if remaining <= 0 or len(received) > wire.FRAME_LIMIT:
            return None
        connection.settimeout(remaining)
        try:
            chunk = connection.recv(65536)
        except OSError:
            return None
        if not chunk:
            return None
        received += chunk
    return bytes(received) if len(received) <= wire.FRAME_LIMIT else None


def main(session: str) -> int:
    """Run the helper of a session that `prepare` laid out."""
    with open(paths.inside(session, paths.SETTINGS), "rb") as stream:
        settings = json.loads(stream.read().decode("ascii"))
    helper = Helper(session, settings)
    signal.set_wakeup_fd(helper.wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, helper.terminate)
    signal.signal(signal.SIGINT, helper.terminate)
    signal.signal(signal.SIGHUP, lambda *_: None)
    os.umask(0o177)
    path = paths.inside(session, paths.SOCKET)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        os.umask(0o077)
        listener.listen(_CONNECTIONS)
        helper.serve(listener)
    _remove_self(session)
    return 0


def _remove_self(session: str) -> None:
    """Remove the folder, unless someone holds the session: then it is theirs to remove."""
    with contextlib.suppress(GuestError), paths.locked(session, create=False, timeout=0.0) as there:
        if there:
            paths.remove_session(session)
