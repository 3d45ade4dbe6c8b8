"""What a guest sees as its file system: this machine's programs, and nothing else of it.

All functions run in a guest's own mount namespace, before it has changed its root.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guestwright.lab import kernel
from guestwright.lab.accounts import SUDO_RULES, Accounts
from guestwright.lab.model import Guest

_SYSTEM: Final = "bin boot dev etc home lib lib32 lib64 libx32 media mnt opt proc root run sbin srv sys tmp usr var"
SYSTEM_FOLDERS: Final = frozenset(_SYSTEM.split(" "))
"""What a Debian system has at the top; everything else there is this machine's own and hidden."""
_EMPTIED: Final = {"root": 0o700, "home": 0o755, "opt": 0o755, "srv": 0o755, "mnt": 0o755, "media": 0o755}
_OWN_NAMES: Final = (
    "etc",
    "etc/systemd/system",
    "usr/lib/systemd/system",
    "var/lib",
    "var/log",
    "var/cache",
    "var/spool",
)
_DEVICES: Final = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS: Final = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
_DROPPED_CAPABILITIES: Final = {"SYS_MODULE": 16, "SYS_RAWIO": 17, "SYS_TIME": 25}

SSH_SERVER_SETTINGS: Final = """\
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 100:30:200
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
"""
SYSTEMD_TARGET: Final = "guest.target"
_TARGET_TEXT: Final = """\
[Unit]
Description=Guest of a lab
Requires=basic.target
Wants=ssh.service dbus.service systemd-journald.service
After=basic.target
AllowIsolate=yes
"""


@dataclass(frozen=True)
class Identity:
    """What makes a guest itself.

    Attributes:
        guest: its place in the lab.
        lab_name: the lab's name.
        accounts: its account files.
        authorized_key: the public login key.
        host_key: the private host key.
        systemd: whether its first process is systemd.
        device: the loop device of its disk, where it has one.
        file_system: the kind of file system on it.
        hidden: folders of this machine that it must not see.
        lower: (folder, lower folders) of each overlay; the root's folder is the empty string, and names are
            relative to the folder that ``build`` is given.
    """

    guest: Guest
    lab_name: str
    accounts: Accounts
    authorized_key: str
    host_key: str
    systemd: bool
    device: Path | None
    file_system: str
    hidden: Sequence[Path]
    lower: Sequence[tuple[str, str]]


def build(place: Path, identity: Identity) -> Path:
    """Make a guest's whole tree below a folder and return its root."""
    kernel.mount(None, "/", None, kernel.RECURSIVE | kernel.PRIVATE)
    kernel.mount("guest", place, "tmpfs", 0, "size=1g,mode=755")
    root = place / "root"
    root.mkdir()
    _lay_overlays(place, root, identity)
    _empty_folders(place, root)
    _mount_system_folders(root)
    _fill_dev(root, identity.device)
    _write_identity(root, identity)
    if identity.device:
        options = "nouuid" if identity.file_system == "xfs" else None
        kernel.mount(str(identity.device), root / "srv", identity.file_system, 0, options)
    return root


def restrict() -> None:
    """Keep a guest from changing this machine's clock, loading kernel modules and reaching hardware."""
    for number in _DROPPED_CAPABILITIES.values():
        kernel.drop_capability(number)


def _lay_overlays(place: Path, root: Path, identity: Identity) -> None:
    if all(folder for folder, _ in identity.lower):
        kernel.mount(str(root), root, None, kernel.BIND)
        _copy_links(root)
    os.chdir(place)  # Relative names keep this machine's paths out of the guest's list of mounts.
    for number, (folder, lower) in enumerate(identity.lower):
        upper, work = place / f"upper{number}", place / f"work{number}"
        upper.mkdir()
        work.mkdir()
        _hide(upper, Path("/", folder), identity.hidden)
        target = root / folder
        target.mkdir(exist_ok=True)
        options = f"lowerdir={lower},upperdir={upper.name},workdir={work.name}{',userxattr' if folder else ''}"
        kernel.mount("overlay", target, "overlay", 0, options)


def _copy_links(root: Path) -> None:
    for name in SYSTEM_FOLDERS:
        if Path("/", name).is_symlink():
            (root / name).symlink_to(Path("/", name).readlink())


def _hide(upper: Path, top: Path, hidden: Sequence[Path]) -> None:
    """Hide what is not the guest's, as far as it is below the folder that an overlay shows."""
    with os.scandir("/") as entries:
        foreign = [Path(entry.path) for entry in entries if entry.name not in SYSTEM_FOLDERS]
    ours = [path for folder in _OWN_NAMES for path in (Path("/") / folder).glob("guestwright*")]
    secrets = [*Path("/etc/ssh").glob("ssh_host_*"), *Path("/etc/ssh").glob("sshd_config.d/*")]
    for path in (*foreign, *ours, *secrets, *Path("/etc/sudoers.d").glob("*"), *hidden):
        if path.parts[1] in _EMPTIED or not path.is_relative_to(top) or not os.path.lexists(path):
            continue
        whiteout = upper / path.relative_to(top)
        if whiteout.exists() or any(parent.is_char_device() for parent in whiteout.parents):
            continue
        _make_like_machine(upper, whiteout.parent, top)
        os.mknod(whiteout, stat.S_IFCHR, os.makedev(0, 0))


def _make_like_machine(upper: Path, folder: Path, top: Path) -> None:
    """Make a folder of an upper layer with the mode and owner that the machine's own has, which it stands for."""
    for part in reversed([folder, *folder.parents]):
        if part.is_relative_to(upper) and not part.exists():
            part.mkdir()
            status = (top / part.relative_to(upper)).stat()
            with contextlib.suppress(OSError):
                os.chown(part, status.st_uid, status.st_gid)
            part.chmod(status.st_mode & 0o7777)


def _empty_folders(place: Path, root: Path) -> None:
    for name, mode in {**_EMPTIED, "var/tmp": 0o1777}.items():
        own = place / "folders" / name
        own.mkdir(parents=True)
        own.chmod(mode)
        target = root / name
        target.mkdir(parents=True, exist_ok=True)
        kernel.mount(str(own), target, None, kernel.BIND)


def _mount_system_folders(root: Path) -> None:
    for name in ("proc", "sys", "dev", "run", "tmp"):
        (root / name).mkdir(exist_ok=True)
    kernel.mount("proc", root / "proc", "proc")
    for name in ("proc/sys", "proc/sys/net", "proc/sysrq-trigger"):
        target = root / name
        if target.exists():
            kernel.mount(str(target), target, None, kernel.BIND)
    for name in ("proc/sys", "proc/sysrq-trigger"):
        if (root / name).exists():
            kernel.mount(None, root / name, None, kernel.REMOUNT | kernel.BIND | kernel.READ_ONLY)
    kernel.mount("sysfs", root / "sys", "sysfs", kernel.READ_ONLY)
    kernel.mount("run", root / "run", "tmpfs", 0, "mode=755")
    kernel.mount("tmp", root / "tmp", "tmpfs", 0, "mode=1777")


def _fill_dev(root: Path, device: Path | None) -> None:
    dev = root / "dev"
    kernel.mount("dev", dev, "tmpfs", 0, "mode=755")
    for name in (*_DEVICES, *([device.name] if device else [])):
        (dev / name).touch()
        kernel.mount(f"/dev/{name}", dev / name, None, kernel.BIND)
    (dev / "pts").mkdir()
    (dev / "shm").mkdir()
    kernel.mount("devpts", dev / "pts", "devpts", 0, "newinstance,ptmxmode=666,mode=620")
    kernel.mount("shm", dev / "shm", "tmpfs", 0, "mode=1777")
    for name, target in _LINKS.items():
        (dev / name).symlink_to(target)


def _write_identity(root: Path, identity: Identity) -> None:
    guest, files = identity.guest, identity.accounts
    etc = root / "etc"
    kernel.set_host_name(guest.name)
    number = hashlib.sha256(f"{identity.lab_name} {guest.slot} {guest.number}".encode()).hexdigest()[:32]
    _write(etc / "hostname", f"{guest.name}\n")
    _write(etc / "machine-id", f"{number}\n")
    _write(etc / "hosts", f"127.0.0.1 localhost\n::1 localhost\n{guest.address} {guest.name}\n")
    _write(etc / "resolv.conf", "")
    _write(etc / "fstab", "")
    _write(etc / "passwd", files.passwd)
    _write(etc / "group", files.group)
    _write(etc / "shadow", files.shadow, 0o640)
    (etc / "sudoers.d").mkdir(exist_ok=True)
    _write(etc / "sudoers", SUDO_RULES, 0o440)
    (etc / "ssh").mkdir(exist_ok=True)
    _write(etc / "ssh/ssh_host_ed25519_key", identity.host_key, 0o600)
    _write(etc / "ssh/sshd_config", SSH_SERVER_SETTINGS)
    (root / "run/sshd").mkdir()
    (root / "run/lock").mkdir()
    (root / "run/lock").chmod(0o1777)
    _authorize(root / "root", 0, identity.authorized_key)
    for account in files.users:
        home = root / account.home.lstrip("/")
        home.mkdir(mode=0o700)
        os.chown(home, account.number, account.number)
        _authorize(home, account.number, identity.authorized_key)
    if identity.systemd:
        kernel.mount("cgroup2", root / "sys/fs/cgroup", "cgroup2")
        _write(etc / "systemd/system" / SYSTEMD_TARGET, _TARGET_TEXT)


def _authorize(home: Path, owner: int, key: str) -> None:
    folder = home / ".ssh"
    folder.mkdir(mode=0o700)
    _write(folder / "authorized_keys", key, 0o600)
    for path in (folder, folder / "authorized_keys"):
        os.chown(path, owner, owner)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    path.write_text(text)
    path.chmod(mode)
