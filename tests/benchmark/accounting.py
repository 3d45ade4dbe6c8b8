"""Control groups of the benchmark's own: the processor time and the memory of everything that one case starts."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_END_SECONDS = 20.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Hierarchies:
    """Where this machine counts processor time and memory.

    Attributes:
        version_2: the mount point of the unified hierarchy, where there is one.
        cpu: the mount point of version 1's `cpuacct`, used only where there is no unified hierarchy.
        memory: the mount point of version 1's `memory`.
    """

    version_2: Path | None
    cpu: Path | None
    memory: Path | None


def hierarchies() -> Hierarchies:
    """Return this machine's hierarchies."""
    version_2 = None
    version_1: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.partition(" ")
        place = Path(before.split()[4])
        if not os.access(place / "cgroup.procs", os.W_OK):
            continue
        if kind == "cgroup2":
            version_2 = version_2 or place
        elif kind == "cgroup":
            version_1 |= {name: place for name in options.split(" ")[-1].split(",") if name in ("cpuacct", "memory")}
    return Hierarchies(version_2, version_1.get("cpuacct"), version_1.get("memory"))


def memory_measure() -> str:
    """Say what `Account.memory_bytes` counts on this machine."""
    found = hierarchies()
    if found.memory:
        return "anonymous memory of all processes of the controller together (cgroup v1, total_rss), shared pages once"
    if found.version_2 and "memory" in (found.version_2 / "cgroup.subtree_control").read_text().split():
        return "anonymous memory of all processes of the controller together (cgroup v2, anon), shared pages once"
    return "sum of RssAnon of all processes of the controller; pages that forked workers share count several times"


class Account:
    """The groups of one measurement, made when it begins and removed when it ends."""

    def __init__(self, name: str) -> None:
        found = hierarchies()
        places = [found.version_2 or found.cpu, found.memory]
        self.folders = [place / name for place in places if place is not None]
        if not self.folders:
            raise SystemExit("bench: there are no control groups that this user may write to; run it as root")
        for folder in self.folders:
            folder.mkdir(exist_ok=True)
        self._is_version_2 = found.version_2 is not None
        self._memory_version_1 = self.folders[-1] if found.memory else None

    def cpu_seconds(self) -> float:
        """Return the processor time of all processes that were ever in the group."""
        if not self._is_version_2:
            return int((self.folders[0] / "cpuacct.usage").read_text()) / 1e9
        return int(_fields(self.folders[0] / "cpu.stat")["usage_usec"]) / 1e6

    def memory_bytes(self) -> int:
        """Return the memory that the group's processes have now."""
        if self._memory_version_1:
            return int(_fields(self._memory_version_1 / "memory.stat")["total_rss"])
        if (self.folders[0] / "memory.stat").exists():
            return int(_fields(self.folders[0] / "memory.stat")["anon"])
        return sum(_anonymous_bytes(number) for number in self.members())

    def members(self) -> list[int]:
        """Return the processes in the group."""
        return [int(line) for line in (self.folders[0] / "cgroup.procs").read_text().split()]

    def end(self) -> None:
        """End what is still in the group, such as the masters of kept connections, and remove it."""
        for number, patience in ((signal.SIGTERM, _END_SECONDS), (signal.SIGKILL, _END_SECONDS)):
            for member in self.members():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member, number)
            if wait_until(lambda: not self.members(), patience):
                break
        for folder in self.folders:
            wait_until(functools.partial(_removed, folder), _END_SECONDS)


def _removed(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def _fields(path: Path) -> dict[str, str]:
    return dict(line.split(maxsplit=1) for line in path.read_text().splitlines())


def _anonymous_bytes(number: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{number}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll a condition until it holds or the time is over; say whether it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


@contextlib.contextmanager
def peak_memory(account: Account, period: float) -> Iterator[list[int]]:
    """Sample an account's memory every `period` seconds; the list's one value is the most so far, in bytes."""
    peak = [0]
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(period):
            with contextlib.suppress(OSError):
                peak[0] = max(peak[0], account.memory_bytes())

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()
