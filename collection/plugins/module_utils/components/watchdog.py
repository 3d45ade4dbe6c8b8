# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead-man switch: a process of its own that freezes, and that thaws at the deadline whatever happens to others.

It is spoken to over its standard input and output in JSON lines: it says `{"event": "ready"}`, is told
`{"file_systems": [{path, device}], "timeout": SECONDS}`, says `frozen` or `failed`, is told `thaw`, and says `ended`.
The end of its input, a signal and the deadline thaw at once. It writes no file, and locks its memory before it freezes.
"""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import threading
import time
from typing import Any

from . import ioctls

_MCL_CURRENT, _MCL_FUTURE = 1, 2


class _Switch:
    """What is frozen by now, and the one place that thaws it."""

    def __init__(self, descriptors: list[tuple[str, int]], deadline: float) -> None:
        self.descriptors = descriptors
        self.deadline = deadline
        self.frozen: list[tuple[str, int]] = []
        self.ended_by: str | None = None
        self.errors: list[str] = []
        self.foreign = False
        self.lock = threading.Lock()

    def add(self, path: str, descriptor: int) -> bool:
        """Note a file system that has just been frozen; it is thawed again where the end has come meanwhile."""
        with self.lock:
            if self.ended_by is None:
                self.frozen.append((path, descriptor))
                return True
            self._thaw(path, descriptor)
            return False

    def end(self, reason: str) -> None:
        """Thaw in reverse order; the first reason counts."""
        with self.lock:
            if self.ended_by is None:
                self.ended_by = reason
            while self.frozen:
                self._thaw(*self.frozen.pop())

    def _thaw(self, path: str, descriptor: int) -> None:
        try:
            if not ioctls.thaw(descriptor):
                self.foreign = True
        except OSError as error:
            self.errors.append(f"{path}: {error.strerror}")


def main() -> int:
    """Run one freeze, told over standard input."""
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    _say({"event": "ready"})
    order = _read_order()
    if order is None:
        return 0
    try:
        descriptors = [
            (entry["path"], ioctls.open_mount(entry["path"], entry["device"])) for entry in order["file_systems"]
        ]
    except OSError as error:
        _say({"event": "failed", "code": "freeze_failed", "message": f"{error.filename}: {error.strerror}"})
        return 0
    threading.stack_size(256 * 1024)
    switch = _Switch(descriptors, 0.0)
    armed = threading.Event()
    guardian = threading.Thread(target=_guard, args=(switch, armed, wake_reader), daemon=True)
    guardian.start()
    warning = _lock_memory()
    started = time.monotonic()
    switch.deadline = started + order["timeout"]
    armed.set()
    problem = _freeze_all(switch)
    if problem is not None:
        switch.end("failed")
        _say({"event": "failed", **problem})
        return 0
    if switch.ended_by is None:
        _say({"event": "frozen", "seconds": time.monotonic() - started, "warning": warning})
    guardian.join()
    _say(
        {
            "event": "ended",
            "ended_by": switch.ended_by,
            "seconds": round(time.monotonic() - started, 3),
            "foreign": switch.foreign,
            "errors": switch.errors,
        }
    )
    return 0


def _freeze_all(switch: _Switch) -> dict[str, Any] | None:
    for path, descriptor in switch.descriptors:
        if switch.ended_by is not None:
            return None
        try:
            ioctls.freeze(descriptor)
        except OSError as error:
            return _problem(path, error)
        if not switch.add(path, descriptor):
            return None
    return None


def _problem(path: str, error: OSError) -> dict[str, Any]:
    if error.errno == errno.EBUSY:
        return {"code": "freeze_refused", "message": f"{path} is frozen already, by someone else"}
    if error.errno in (errno.EOPNOTSUPP, errno.ENOTTY):
        return {"code": "freeze_refused", "message": f"{path} is on a file system that cannot be frozen"}
    return {"code": "freeze_failed", "message": f"{path}: {error.strerror}"}


def _guard(switch: _Switch, armed: threading.Event, wake_reader: int) -> None:
    armed.wait()
    reason = "deadline"
    while True:
        remaining = switch.deadline - time.monotonic()
        if remaining <= 0:
            break
        readable = select.select([0, wake_reader], [], [], remaining)[0]
        if 0 in readable:
            reason = "request" if os.read(0, 64) else "helper_died"
            break
        if wake_reader in readable:
            reason = "signal"
            break
    switch.end(reason)


def _read_order() -> dict[str, Any] | None:
    received = bytearray()
    while not received.endswith(b"\n"):
        chunk = os.read(0, 65536)
        if not chunk:
            return None
        received += chunk
    order: dict[str, Any] = json.loads(received.decode("ascii"))
    return order


def _say(message: dict[str, Any]) -> None:
    try:
        os.write(1, json.dumps(message).encode("ascii") + b"\n")
    except OSError:
        return


def _lock_memory() -> str:
    try:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
    except (ImportError, OSError) as error:
        return f"the watchdog's memory is not locked: {error}"
    if library.mlockall(_MCL_CURRENT | _MCL_FUTURE) != 0:
        return f"the watchdog's memory is not locked: {os.strerror(ctypes.get_errno())}"
    return ""
