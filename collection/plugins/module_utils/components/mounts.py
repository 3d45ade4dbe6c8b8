# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: S108
"""Which file systems may be frozen, and in which order (design.md section 5)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from .wire import GuestError

# fmt: off
_WITHOUT_FREEZE = frozenset((
    "9p", "afs", "autofs", "bpf", "ceph", "cgroup", "cgroup2", "cifs", "configfs", "debugfs", "devpts",
    "devtmpfs", "ecryptfs", "efivarfs", "erofs", "exfat", "fuse", "fuseblk", "hugetlbfs", "iso9660", "mqueue",
    "msdos", "ncpfs", "nfs", "nfs4", "nsfs", "overlay", "proc", "pstore", "ramfs", "rpc_pipefs", "securityfs",
    "smb3", "squashfs", "sysfs", "tmpfs", "tracefs", "udf", "vboxsf", "vfat", "virtiofs",
))
# fmt: on


class Mount(NamedTuple):
    """One line of mountinfo: where it is mounted, its device `major:minor`, its type and its source."""

    path: str
    device: str
    kind: str
    source: str


def parse_mountinfo(text: str) -> list[Mount]:
    """Read `/proc/self/mountinfo`, in its order: of two mounts at one path the later one is on top."""
    mounts = []
    for line in text.splitlines():
        left, _separator, right = line.partition(" - ")
        fields, tail = left.split(" "), right.split(" ")
        if len(fields) >= 6 and len(tail) >= 2:
            mounts.append(Mount(_unescape(fields[4]), fields[2], tail[0], _unescape(tail[1])))
    return mounts


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found.group(1), 8)), text)


def current() -> list[Mount]:
    """Return the mounts that this process sees."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        return parse_mountinfo(stream.read())


def holding(path: str, mounts: Iterable[Mount]) -> Mount | None:
    """Return the mount on which a path (without links in it) lies."""
    best: Mount | None = None
    for mount in mounts:
        inside = mount.path == "/" or path == mount.path or path.startswith(mount.path + "/")
        if inside and (best is None or len(mount.path) >= len(best.path)):
            best = mount
    return best


class Refusal(NamedTuple):
    """Why a path is not frozen."""

    path: str
    message: str


def choose(
    requested: Iterable[str],
    mounts: list[Mount],
    protected: dict[str, str],
    resolve: Callable[[str], str] = os.path.realpath,
) -> tuple[list[Mount], list[Refusal]]:
    """Choose what is frozen, in order: deepest mount point first, each device once.

    Args:
        requested: absolute paths, each a mount point or a link to one.
        mounts: as `/proc/self/mountinfo` has them.
        protected: maps a path that must stay writable to the words that say why.
        resolve: gives a path without links.
    """
    reasons = _protected_devices(mounts, protected, resolve)
    chosen: dict[str, Mount] = {}
    refused = []
    for path in requested:
        mount, reason = _judge(path, mounts, reasons, resolve)
        if mount is None:
            refused.append(Refusal(path, reason))
        elif mount.device not in chosen or _depth(mount) > _depth(chosen[mount.device]):
            chosen[mount.device] = mount
    return sorted(chosen.values(), key=lambda mount: (-_depth(mount), mount.path)), refused


def _depth(mount: Mount) -> int:
    return mount.path.rstrip("/").count("/")


def _protected_devices(mounts: list[Mount], protected: dict[str, str], resolve: Callable[[str], str]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for path, reason in protected.items():
        mount = holding(resolve(path), mounts)
        if mount is not None:
            reasons.setdefault(mount.device, reason)
    return reasons


def _judge(
    path: str, mounts: list[Mount], reasons: dict[str, str], resolve: Callable[[str], str]
) -> tuple[Mount | None, str]:
    if not path.startswith("/"):
        return None, f"{path!r} is not an absolute path"
    real = resolve(path)
    mount = holding(real, mounts)
    if mount is None or mount.path != real:
        where = f"; it lies on {mount.path}" if mount else ""
        return None, f"{path} is not a mount point{where}"
    if mount.device in reasons:
        return None, f"{path} is not frozen: {reasons[mount.device]}"
    if mount.kind in _WITHOUT_FREEZE or mount.kind.startswith("fuse."):
        return None, f"{path} is not frozen: a file system of type {mount.kind} cannot be"
    return mount, ""


def protected_paths(homes: Iterable[str], state: str) -> dict[str, str]:
    """Return the paths whose file systems are never frozen, with the reason of each."""
    import sys

    result = {"/": "it is the root file system"}
    for path in ("/var/log",):
        result[path] = "it holds the logs"
    for home in (*homes, "/root"):
        result.setdefault(home, f"it holds the home {home} of a login that guestwright needs")
    for path in ("/run", "/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr", "/var/lib", "/var/spool"):
        result.setdefault(path, f"it holds {path}, which the system needs while it is frozen")
    result.setdefault(sys.prefix, "it holds the Python that has to thaw it")
    result.setdefault(sys.base_prefix, "it holds the Python that has to thaw it")
    result.setdefault(state, "it holds the state of the Guest Helper")
    for path in _swap_files():
        result.setdefault(path, f"it holds the swap file {path}")
    return result


def _swap_files() -> list[str]:
    try:
        with open("/proc/swaps", encoding="utf-8", errors="surrogateescape") as stream:
            lines = stream.read().splitlines()[1:]
    except OSError:
        return []
    return [_unescape(fields[0]) for fields in map(str.split, lines) if len(fields) > 1 and fields[1] == "file"]


def select(requested: list[str], homes: Iterable[str], state: str) -> list[Mount]:
    """Choose what is frozen on this machine.

    Raises:
        GuestError: `freeze_refused`, with every reason.
    """
    chosen, refused = choose(requested, current(), protected_paths(homes, state))
    if refused:
        raise GuestError("freeze_refused", "; ".join(refusal.message for refusal in refused))
    return chosen
