"""What a lab needs of this machine, all of it named at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from guestwright.errors import PrerequisiteError
from guestwright.lab import groups
from guestwright.lab.model import FileSystem

_PATH: Final = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
_PACKAGES: Final = {
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "losetup": "mount",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
    "sudo": "sudo",
    "openssl": "openssl",
    "newuidmap": "uidmap",
    "unshare": "util-linux",
}
_RIGHTS: Final = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}
_ALWAYS: Final = ("sshd", "ssh", "ssh-keygen", "ip", "nsenter", "openssl")


def find(program: str) -> str | None:
    """Return where a program is, looking in the system folders too."""
    return shutil.which(program, path=_PATH)


def needed_programs(*, file_system: FileSystem | None, login: str, rootless: bool) -> list[str]:
    """Return the programs that a lab of these settings needs. Pure."""
    programs = list(_ALWAYS)
    if file_system:
        programs += ["losetup", f"mkfs.{file_system.kind}"]
    if login != "root":
        programs.append("sudo")
    if rootless:
        programs += ["newuidmap", "unshare"]
    return programs


def check(
    *,
    file_system: FileSystem | None,
    login: str,
    systemd: bool,
    rootless: bool,
    finder: Callable[[str], str | None] = find,
) -> None:
    """Check all of it before anything is made.

    Raises:
        PrerequisiteError: something is missing; the message names all of it, the hint one command.
    """
    programs = needed_programs(file_system=file_system, login=login, rootless=rootless)
    missing = [program for program in programs if not finder(program)]
    packages = {_PACKAGES[program] for program in missing}
    for path, package in (("/usr/bin/python3", "python3"), *([("/sbin/init", "systemd-sysv")] if systemd else [])):
        if not Path(path).exists():
            missing.append(path)
            packages.add(package)
    if missing:
        raise PrerequisiteError(
            f"the lab needs programs that are missing here: {', '.join(missing)}",
            f"apt-get install {' '.join(sorted(packages))}",
        )
    if not rootless:
        lacking = missing_rights(Path("/proc/self/status").read_text())
        if lacking:
            raise PrerequisiteError(
                f"root lacks rights here: {', '.join(lacking)}", "use a machine, or a container with these capabilities"
            )
    if systemd and groups.hierarchy() is None:
        raise PrerequisiteError("guests with systemd need control groups of version 2", "mount -t cgroup2 cgroup2 DIR")
    if "overlay" not in Path("/proc/filesystems").read_text().split():
        raise PrerequisiteError("this kernel has no overlay file system loaded", "run: modprobe overlay")


def missing_rights(status: str) -> list[str]:
    """Return the rights that a lab of root needs and a process lacks. Pure.

    Args:
        status: the text of ``/proc/PID/status``.
    """
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    effective = int(fields.get("CapEff", "0").strip(), 16)
    return [name for name, number in _RIGHTS.items() if not effective >> number & 1]


def extend_path() -> None:
    """Let this process and its children find the system's own programs, which users' paths often lack."""
    os.environ["PATH"] = _PATH
