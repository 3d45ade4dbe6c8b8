# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding and ending processes of ours by the words in their argv."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import NamedTuple

from .wire import ARGV_WORD

_LONG_LIVED = ("helper", "watchdog", "recover")


class Found(NamedTuple):
    """A running process of a session: its id, its session, and the verb that it runs."""

    pid: int
    session: str
    verb: str


def parse_command_line(pid: int, raw: bytes) -> Found | None:
    """Read the session and the verb from a command line; None where it is no process of ours."""
    arguments = raw.decode("utf-8", "replace").split("\0")
    for index, argument in enumerate(arguments[:-2]):
        if argument == ARGV_WORD:
            return Found(pid, arguments[index + 1], arguments[index + 2])
    return None


def find(session: str | None = None) -> list[Found]:
    """Return the running processes of a session (of every one without a name), without this one and its ancestors.

    Processes in another pid namespace are left out: they belong to a container, which is a guest of its own.
    """
    own = ancestors()
    own_namespace = namespace("self")
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) in own:
            continue
        process = _read(int(name))
        if process is None or (session is not None and process.session != session):
            continue
        if namespace(name) == own_namespace:
            found.append(process)
    return found


def is_long_lived(process: Found) -> bool:
    """Tell the Guest Helper, its watchdog and what recovers after them from what runs one verb."""
    return process.verb in _LONG_LIVED


def _read(pid: int) -> Found | None:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            raw = stream.read(65536)
    except OSError:
        return None
    if ARGV_WORD.encode() not in raw:
        return None
    return parse_command_line(pid, raw)


def namespace(pid: str) -> str:
    """Return what names the pid namespace of a process; empty where that cannot be read."""
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


def ancestors() -> set[int]:
    """Return the ids of this process and of those that it descends from."""
    result = set()
    pid = os.getpid()
    while pid > 0 and pid not in result:
        result.add(pid)
        pid = _parent(pid)
    return result


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return int(stream.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def kill(processes: list[Found], number: int = signal.SIGKILL) -> None:
    """Send a signal to processes that are still what they were when they were found."""
    for process in processes:
        if _read(process.pid) == process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)


def wait_gone(processes: list[Found], timeout: float) -> list[Found]:
    """Wait until processes have ended; return those that have not within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    remaining = processes
    while True:
        remaining = [process for process in remaining if _read(process.pid) == process]
        if not remaining or time.monotonic() > deadline:
            return remaining
        time.sleep(0.005)
