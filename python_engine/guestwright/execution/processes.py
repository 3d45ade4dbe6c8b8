"""Which processes belong to a run, told from `/proc`: so that what a killed controller left can be stopped.

Ansible's workers leave the process group of `ansible-playbook`, so a group alone does not name a run's processes.
Every process below the engine therefore inherits `GUESTWRIGHT_RUN_ID`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

RUN_ID_VARIABLE = "GUESTWRIGHT_RUN_ID"
_PROC = Path("/proc")
_START_TIME_FIELD = 19
_STATE_FIELD = 0
_TERMINATE_SECONDS = 5.0
_KILL_SECONDS = 5.0


def start_time(pid: int) -> str | None:
    """Return what tells a process from a later one with the same number: boot and start tick; None where it is gone."""
    fields = _stat_fields(pid)
    if fields is None or fields[_STATE_FIELD] == "Z":
        return None
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{fields[_START_TIME_FIELD]}"


def processes_of_run(run_id: str) -> list[int]:
    """Return the processes whose environment names the run, without this one."""
    marker = f"{RUN_ID_VARIABLE}={run_id}".encode()
    return [pid for pid in _all_processes() if pid != os.getpid() and marker in _environment(pid)]


def stop_run(run_id: str) -> int:
    """End all processes of a run but this one: TERM first, KILL for what stays; return how many there were."""
    found: set[int] = set()

    def alive() -> list[int]:
        running = [pid for pid in processes_of_run(run_id) if start_time(pid) is not None]
        found.update(running)
        return running

    for number, seconds in ((signal.SIGTERM, _TERMINATE_SECONDS), (signal.SIGKILL, _KILL_SECONDS)):
        if not _stop(alive, number, seconds):
            break
    return len(found)


def stop_ssh_masters(control_path_folder: str) -> None:
    """End the ssh processes that hold connections open for others, told by the socket's path in their title."""
    title = f"ssh: {control_path_folder}/".encode()

    def alive() -> list[int]:
        return [pid for pid in _all_processes() if _title(pid).startswith(title)]

    _stop(alive, signal.SIGTERM, _TERMINATE_SECONDS)


def _stop(alive: Callable[[], list[int]], number: signal.Signals, seconds: float) -> list[int]:
    """Signal what is alive, again for each new process, until nothing is or the time is over."""
    deadline = time.monotonic() + seconds
    signalled: set[int] = set()
    running = alive()
    while running and time.monotonic() < deadline:
        for pid in running:
            if pid not in signalled or number is signal.SIGKILL:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                signalled.add(pid)
        time.sleep(0.02)
        running = alive()
    return running


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _title(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def _stat_fields(pid: int) -> list[str] | None:
    """Return the fields of `/proc/PID/stat` after the command's name, which may hold any character."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
