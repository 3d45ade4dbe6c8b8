# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands on the backup server: without a shell, in a process group of their own, with a deadline."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

INHERITED = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER")
STDERR_TAIL = 2000
_SECONDS_TO_END = 5.0
_READ_SIZE = 65536


@dataclass(frozen=True)
class Command:
    """A command with its deadline.

    Attributes:
        argv: its arguments, the program first.
        timeout: seconds after which its whole process group is ended.
    """

    argv: tuple[str, ...]
    timeout: int


@dataclass(frozen=True)
class CommandOutcome:
    """How a command ended.

    Attributes:
        code: its exit code, negative for a signal; None where it was not started or timed out.
        seconds: how long it ran.
        timed_out: whether the deadline ended it.
        stderr: the end of what it wrote to its standard error, or why it was not started.
    """

    code: int | None
    seconds: float
    timed_out: bool
    stderr: str

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.code == 0


def split(command: str | Sequence[str]) -> tuple[str, ...]:
    """Return a command's arguments; a text is split like a shell would, but nothing in it is expanded.

    Raises:
        ValueError: it is empty, or its quotes do not match.
    """
    argv = tuple(shlex.split(command)) if isinstance(command, str) else tuple(str(part) for part in command)
    if not argv or not argv[0]:
        raise ValueError("the command is empty")
    return argv


def environment(inherited: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """Return a command's environment: the few variables that programs need, and ours."""
    return {name: inherited[name] for name in INHERITED if name in inherited} | dict(ours)


def run(command: Command, variables: Mapping[str, str]) -> CommandOutcome:
    """Run a command to its end or its deadline; nothing of its process group outlives an error or a deadline.

    Args:
        command: what to run.
        variables: our own environment variables, beside the few that are inherited.

    Returns:
        how it ended; it never raises for what the command does.
    """
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(os.environ, variables),
            process_group=0,
        )
    except OSError as error:
        return CommandOutcome(None, time.monotonic() - started, False, f"{command.argv[0]}: {error.strerror}")
    tail = _Tail(process.stderr)
    timed_out = False
    try:
        process.wait(timeout=command.timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        if process.returncode is None:
            _end_group(process)
    return CommandOutcome(None if timed_out else process.returncode, time.monotonic() - started, timed_out, tail.text())


class _Tail:
    """Reads a stream in a thread, so that it never fills up, and keeps its end."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self._end = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        if self._stream is None:
            return
        with self._stream as stream:
            while chunk := os.read(stream.fileno(), _READ_SIZE):
                self._end = (self._end + chunk)[-STDERR_TAIL:]

    def text(self) -> str:
        """Return what was kept; does not wait for a background process that still holds the stream."""
        self._thread.join(timeout=0.5)
        return self._end.decode("utf-8", "replace").strip()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask the process group to end, and kill what is left of it after a few seconds."""
    _signal_group(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
