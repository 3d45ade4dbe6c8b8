"""Control groups (version 2) for accounting and for ending everything of a lab, where the machine offers them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from guestwright.lab.processes import wait_until

ROOT_NAME: Final = "guestwright-lab"


def hierarchy() -> Path | None:
    """Return where this machine has control groups of version 2 mounted and writable, if anywhere."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            place = Path(before.split()[4])
            return place if os.access(place / "cgroup.procs", os.W_OK) else None
    return None


def lab_group(name: str) -> Path | None:
    """Return the group of a lab; it need not exist."""
    place = hierarchy()
    return place / ROOT_NAME / name if place else None


def guests_group(name: str) -> Path | None:
    """Return the group that holds one group per guest."""
    group = lab_group(name)
    return group / "guests" if group else None


def backup_server_group(name: str) -> Path | None:
    """Return the group of the commands that run on the lab's backup server."""
    group = lab_group(name)
    return group / "backup-server" if group else None


def join(group: Path | None) -> bool:
    """Put this process, and so its children, in a group; false where that is not possible."""
    if group is None:
        return False
    try:
        group.mkdir(parents=True, exist_ok=True)
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        return False
    return True


def cpu_seconds(group: Path | None) -> float | None:
    """Return the processor time that a group has used, the ended processes' included."""
    if group is None:
        return None
    try:
        fields = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
    except OSError:
        return None
    return int(fields["usage_usec"]) / 1e6


def members(group: Path | None) -> list[int]:
    """Return the processes in a group and below."""
    numbers: list[int] = []
    for file in [] if group is None else group.glob("**/cgroup.procs"):
        with contextlib.suppress(OSError):
            numbers += [int(line) for line in file.read_text().split()]
    return numbers


def kill(group: Path | None) -> None:
    """Kill every process in a group and below."""
    if group is not None:
        with contextlib.suppress(OSError):
            (group / "cgroup.kill").write_text("1")


def remove(group: Path | None, seconds: float = 10.0) -> bool:
    """Remove a group and those below it once their processes have ended; say whether that came about."""
    return group is None or wait_until(lambda: _removed(group), seconds)


def _removed(group: Path) -> bool:
    for folder, _, _ in os.walk(group, topdown=False):
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
    return not group.exists()
