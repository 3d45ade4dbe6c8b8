"""Which processes belong to a run, told from `/proc`: so that what a killed controller left can be stopped.

Ansible's workers leave the process group of `ansible-playbook`, so a group alone does not name a run's processes.
Every process below the engine therefore inherits `GUESTWRIGHT_RUN_ID`.
"""

from __future__ import annotations

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
_POLL_SECONDS = 0.02


def start_time(pid: int) -> str | None:
    """Return what tells a process from a later one with the same number: boot and start tick; None where it is gone."""
    fields = _stat_fields(pid)
    if fields is None or fields[_STATE_FIELD] == "Z":
        return None
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{fields[_START_TIME_FIELD]}"


def processes_of_run(run_id: str) -> list[int]:
    """Return the processes whose environment names the run, without this one."""
    return [pid for pid in _all_processes() if _is_of_run(pid, run_id)]


def stop_run(run_id: str) -> int:
    """End all processes of a run but this one: TERM first, KILL for what stays; return how many there were."""

    def is_member(pid: int) -> bool:
        return _is_of_run(pid, run_id)

    signalled = _stop(is_member, signal.SIGTERM, _TERMINATE_SECONDS)
    return len(signalled | _stop(is_member, signal.SIGKILL, _KILL_SECONDS))


def stop_ssh_masters(control_path_folder: str) -> None:
    """End the ssh processes that hold connections open for others, told by the socket's path in their title."""
    title = f"ssh: {control_path_folder}/".encode()

    _stop(lambda pid: _title(pid).startswith(title), signal.SIGTERM, _TERMINATE_SECONDS)


def _stop(is_member: Callable[[int], bool], number: signal.Signals, seconds: float) -> set[int]:
    """Signal the members, each new one too, until none is left or the time is over; return who was signalled."""
    deadline = time.monotonic() + seconds
    signalled: set[int] = set()
    while members := [pid for pid in _all_processes() if is_member(pid)]:
        for pid in members:
            if pid not in signalled:
                _signal(pid, number, is_member)
                signalled.add(pid)
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_SECONDS)
    return signalled


def _signal(pid: int, number: signal.Signals, is_member: Callable[[int], bool]) -> None:
    """Signal a member; a later process with the same number is not hit, since the descriptor names this one."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if is_member(pid):
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)


def _is_of_run(pid: int, run_id: str) -> bool:
    marker = f"{RUN_ID_VARIABLE}={run_id}".encode()
    return pid != os.getpid() and marker in _environment(pid) and start_time(pid) is not None


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
