"""Processes that outlive a command: told apart by number and start time, ended with a deadline."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process that cannot be mistaken for a later one of the same number.

    Attributes:
        number: the process id.
        started: clock ticks since the machine's start (field 22 of ``/proc/PID/stat``).
    """

    number: int
    started: int

    @classmethod
    def of(cls, number: int) -> Process:
        """Return the running process of a number.

        Raises:
            ProcessLookupError: there is none.
        """
        started = _start_time(number)
        if started is None:
            raise ProcessLookupError(number)
        return cls(number, started)

    @property
    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return _start_time(self.number) == self.started

    def namespace(self, kind: str) -> Path:
        """Return the path of one of its namespaces."""
        return Path(f"/proc/{self.number}/ns/{kind}")

    def in_namespace(self, kind: str) -> bool:
        """Say whether this program itself is in one of the process's namespaces."""
        return Path(f"/proc/self/ns/{kind}").stat().st_ino == self.namespace(kind).stat().st_ino

    def send(self, number: signal.Signals) -> None:
        """Send a signal where the process still runs."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.number, number)


def _start_time(number: int) -> int | None:
    try:
        fields = Path(f"/proc/{number}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def restore_signals() -> None:
    """Undo what Python does to signals, for the program that this process will become."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


def end(processes: Iterable[Process], patience: float = 0.0, deadline: float = 10.0) -> list[Process]:
    """End processes: politely where there is patience, then by force.

    Args:
        processes: which.
        patience: seconds between SIGTERM and SIGKILL; 0 sends SIGKILL at once.
        deadline: seconds to wait for the killed ones.

    Returns:
        Those that still run after all that.
    """
    left = [process for process in processes if process.alive]
    if patience and left:
        for process in left:
            process.send(signal.SIGTERM)
        wait_until(lambda: not any(process.alive for process in left), patience)
    for process in left:
        process.send(signal.SIGKILL)
    wait_until(lambda: not any(process.alive for process in left), deadline)
    return [process for process in left if process.alive]


def in_network_namespace(keeper: Process) -> list[Process]:
    """Return all other processes that share a living process's network namespace."""
    try:
        wanted = keeper.namespace("net").stat().st_ino if keeper.alive else None
    except OSError:
        wanted = None
    if wanted is None:
        return []
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        number = int(folder.name)
        with contextlib.suppress(OSError):
            if number != keeper.number and (folder / "ns/net").stat().st_ino == wanted:
                found.append(Process.of(number))
    return found


def wait_until(condition: Callable[[], bool], seconds: float, interval: float = 0.01) -> bool:
    """Look at a condition until it holds or the time is over; say whether it held."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval)
    return True
