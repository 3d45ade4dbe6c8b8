"""A lab of an ordinary user: all of it lives in a user namespace, in which that user is root.

The machine's ``/usr`` and ``/var`` are shown to the guests as they are, below a thin layer of their own: the files of
the machine's root have no owner in the namespace, so what must belong to root there (``/etc``, the folders that are
written to, ``sudo``) is copied once per lab. An overlay of the whole ``/`` is refused to ordinary users, since it
would show what is hidden under other mounts.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from guestwright.errors import PrerequisiteError, UsageError
from guestwright.lab import kernel
from guestwright.lab.processes import Process
from guestwright.lab.state import FOLDER_VARIABLE, Lab, state_folder

LIMITS: Final = (
    "Guests have no file systems of their own, so a freeze, its window and its dead-man switch cannot be shown.",
    "Programs under /usr belong to nobody in the guests, so checks that want them owned by root cannot pass.",
    "The guests' processor time is not measured.",
)
_PROGRAMS: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_VAR_DEPTH: Final = 3
_NOT_COPIED: Final = ("ssh_host_*", "guestwright*", "sudoers.d", "shadow*", "gshadow*")
_SUDO: Final = ("usr/bin/sudo", "usr/lib/sudo", "usr/libexec/sudo")


def refuse(*, systemd: bool, file_system: bool) -> None:
    """Refuse what only root can have.

    Raises:
        UsageError: such a thing is asked for.
    """
    for option, asked in (("--file-system", file_system), ("--systemd", systemd)):
        if asked:
            raise UsageError(f"{option} needs root", "run it as root, or leave the option out")


def check_range() -> None:
    """Check that this user has a range of user numbers to give to guests.

    Raises:
        PrerequisiteError: there is none.
    """
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    for file in ("/etc/subuid", "/etc/subgid"):
        if not has_range(Path(file), name, number):
            raise PrerequisiteError(
                f"{file} gives {name} no range of numbers for guests",
                f"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}",
            )


def has_range(file: Path, name: str, number: int) -> bool:
    """Say whether a file like ``/etc/subuid`` gives a user at least 65536 numbers."""
    try:
        lines = [line.split(":") for line in file.read_text().splitlines()]
    except OSError:
        return False
    return any(len(line) == 3 and line[0] in {name, str(number)} and int(line[2]) >= 65536 for line in lines)


def start_keeper() -> Process:
    """Start a process that keeps a new user namespace, in which this user is root.

    Raises:
        PrerequisiteError: this machine does not allow it.
    """
    process = subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--map-auto", "--", "sh", "-c", "echo ready; exec sleep infinity"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd="/",
    )
    if process.stdout is None or process.stdout.readline() != "ready\n":
        complaint = process.communicate()[1].strip()
        raise PrerequisiteError(
            f"this machine gives its users no user namespaces: {complaint}", "run it as root, or allow them by sysctl"
        )
    return Process.of(process.pid)


def enter(lab: Lab) -> None:
    """Become root of a rootless lab's user namespace; nothing happens for others, or where it has ended."""
    if lab.user_namespace is None or not lab.user_namespace.alive or lab.user_namespace.in_namespace("user"):
        return
    os.environ[FOLDER_VARIABLE] = str(state_folder())
    with lab.user_namespace.namespace("user").open("rb") as namespace:
        kernel.set_namespace(namespace.fileno(), kernel.NEW_USER)


def lower_folders(lab: Lab) -> Sequence[tuple[str, str]]:
    """Return the overlays that a guest's tree is made of, and make what they need.

    Their names are relative to the folder where guests' trees are mounted.
    """
    template = lab.folder / "template"
    if not template.exists():
        _make_template(template)
    programs = [name for name in _PROGRAMS if Path("/", name).is_dir() and not Path("/", name).is_symlink()]
    mounted = [Path(line.split()[4]) for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    whole = not any(place.is_relative_to("/var") for place in mounted)
    return [
        ("usr", "../template/usr:/usr"),
        ("etc", "../template/etc"),
        ("var", "../template/var:/var" if whole else "../template/var"),
        *((name, f"../template/{name}:/{name}") for name in programs),
    ]


def _make_template(template: Path) -> None:
    template.mkdir(mode=0o755)
    with contextlib.suppress(shutil.Error):
        shutil.copytree("/etc", template / "etc", symlinks=True, ignore=_ignored)
    for folder in _folders(Path("/var"), _VAR_DEPTH):
        own = template / folder.relative_to("/")
        own.mkdir(parents=True, exist_ok=True)
        own.chmod(folder.stat().st_mode & 0o1777)
    for name in (*_PROGRAMS, "usr/local"):
        (template / name).mkdir(parents=True, exist_ok=True)
    for name in _SUDO:
        source, target = Path("/", name), template / name
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o4755)


_shutil_ignored: Callable[[str, list[str]], set[str]] = shutil.ignore_patterns(*_NOT_COPIED)


def _ignored(folder: str, names: list[str]) -> set[str]:
    unreadable = {name for name in names if not os.access(Path(folder, name), os.R_OK)}
    links = {name for name in names if Path(folder, name).is_symlink()}
    return (unreadable - links) | _shutil_ignored(folder, names)


def _folders(top: Path, depth: int) -> Iterator[Path]:
    yield top
    if depth:
        try:
            below = [entry for entry in top.iterdir() if entry.is_dir() and not entry.is_symlink()]
        except PermissionError:
            return
        for folder in below:
            if not folder.name.startswith("guestwright"):
                yield from _folders(folder, depth - 1)
