# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts before the freeze and after the thaw: who may have written them, and how they run (domain.md section 9)."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import time
from collections.abc import Callable
from typing import Any

OUTPUT_LIMIT = 8192
_STEP = 0.05


class UntrustedError(Exception):
    """A script that someone other than root could have written or replaced."""


def resolve(path: str, lstat: Callable[[str], os.stat_result] = os.lstat) -> str:
    """Follow a path link by link and return the file, if nobody but root can change what stands there.

    Raises:
        UntrustedError: with the reason.
    """
    if not path.startswith("/"):
        raise UntrustedError(f"{path!r} is not an absolute path")
    try:
        return _trusted(path, lstat)
    except OSError as error:
        raise UntrustedError(f"{error.filename or path}: {error.strerror}") from error


def _trusted(path: str, lstat: Callable[[str], os.stat_result]) -> str:
    pending = path.split("/")
    current, links = "/", 0
    _check_directory("/", lstat("/"))
    while pending:
        part = pending.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            current = os.path.dirname(current)
            continue
        following = os.path.join(current, part)
        status = lstat(following)
        if stat.S_ISLNK(status.st_mode):
            links += 1
            _check_owner(following, status)
            if links > 40:
                raise UntrustedError(f"{path}: too many symbolic links")
            target = os.readlink(following)
            current = "/" if target.startswith("/") else current
            pending = target.split("/") + pending
            continue
        if stat.S_ISDIR(status.st_mode):
            _check_directory(following, status)
        elif any(pending):
            raise UntrustedError(f"{following} is not a folder")
        current = following
    _check_file(current, lstat(current))
    return current


def _check_owner(path: str, status: os.stat_result) -> None:
    if status.st_uid != 0:
        raise UntrustedError(f"{path} belongs to user id {status.st_uid}, not to root")


def _check_directory(path: str, status: os.stat_result) -> None:
    _check_owner(path, status)
    if status.st_mode & 0o022:
        raise UntrustedError(f"others than root can write to the folder {path}")


def _check_file(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UntrustedError(f"{path} is not a regular file")
    _check_owner(path, status)
    if status.st_mode & 0o022:
        raise UntrustedError(f"others than root can write to {path}")
    if not status.st_mode & 0o111:
        raise UntrustedError(f"{path} is not executable")


def run(
    command: list[str],
    *,
    session: str,
    phase: str,
    timeout: float,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Run one script as root and return how it went.

    Returns:
        `{phase, command, outcome, exit_code, seconds, output, message}`; the outcome is ok, failed, timeout, refused or
        cancelled; `output` is the end of what it printed, at most 8 KiB.
    """
    import subprocess

    started = time.monotonic()

    def report(outcome: str, message: str, exit_code: int | None = None, output: bytes = b"") -> dict[str, Any]:
        return {
            "phase": phase,
            "command": command,
            "outcome": outcome,
            "exit_code": exit_code,
            "seconds": round(time.monotonic() - started, 3),
            "output": output.decode("utf-8", "replace"),
            "message": message,
        }

    try:
        executable = resolve(command[0])
    except UntrustedError as error:
        return report("refused", f"{error}; scripts run as root, so only root may be able to write them")
    try:
        process = subprocess.Popen(
            command,
            executable=executable,
            cwd="/",
            env={
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": "/root",
                "LANG": "C.UTF-8",
                "GUESTWRIGHT_SESSION": session,
                "GUESTWRIGHT_PHASE": phase,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return report("failed", f"it cannot be started: {error}")
    outcome, output = _follow(process, started + timeout, cancelled)
    if outcome == "timeout":
        return report("timeout", f"it ran longer than {timeout:g} s and was killed", None, output)
    if outcome == "cancelled":
        return report("cancelled", "it was killed because the session ended", None, output)
    if process.returncode:
        return report("failed", f"it ended with exit code {process.returncode}", process.returncode, output)
    return report("ok", "", 0, output)


def _follow(process: Any, deadline: float, cancelled: Callable[[], bool]) -> tuple[str, bytes]:
    """Collect the output until the process itself ends; what it leaves in the background may go on."""
    import subprocess

    tail = _Tail(process.stdout.fileno())
    outcome = ""
    while not outcome:
        if process.poll() is not None:
            outcome = "ended"
        elif time.monotonic() > deadline:
            outcome = "timeout"
        elif cancelled():
            outcome = "cancelled"
        elif tail.open:
            tail.collect(_STEP)
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STEP)
    if outcome != "ended":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    tail.collect(0.0)
    process.stdout.close()
    return outcome, bytes(tail.kept)


class _Tail:
    """The end of what a pipe delivers."""

    def __init__(self, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self._pipe = pipe
        self.open = True
        self.kept = bytearray()

    def collect(self, patience: float) -> None:
        """Take a bounded amount of what is there, after waiting at most `patience` seconds for the first of it."""
        import select

        if not self.open or not select.select([self._pipe], [], [], patience)[0]:
            return
        for _attempt in range(64):
            try:
                chunk = os.read(self._pipe, 65536)
            except BlockingIOError:
                return
            if not chunk:
                self.open = False
                return
            self.kept += chunk
            del self.kept[:-OUTPUT_LIMIT]


def run_all(
    commands: list[list[str]],
    *,
    session: str,
    phase: str,
    timeout: float,
    cancelled: Callable[[], bool] = lambda: False,
    stop_at_failure: bool = False,
) -> list[dict[str, Any]]:
    """Run scripts one after the other; post-thaw scripts all run, whatever the one before did."""
    results: list[dict[str, Any]] = []
    for command in commands:
        if cancelled():
            break
        results.append(run(command, session=session, phase=phase, timeout=timeout, cancelled=cancelled))
        if stop_at_failure and results[-1]["outcome"] != "ok":
            break
    return results


def problems(results: list[dict[str, Any]]) -> list[str]:
    """Return one sentence for each script that did not succeed."""
    return [
        f"{result['phase']} script {result['command'][0]}: {result['message']}"
        for result in results
        if result["outcome"] != "ok"
    ]
