"""What is known of the labs between commands: one folder, private to its owner, gone with the last lab."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from guestwright.errors import GuestwrightError, UsageError
from guestwright.lab.model import SLOTS, FileSystem, Guest, parse_file_system
from guestwright.lab.processes import Process, wait_until

FOLDER_VARIABLE = "GUESTWRIGHT_LAB_DIR"


@dataclass
class Lab:
    """A lab as its state file has it.

    Attributes:
        name: the lab's name.
        slot: which range of addresses it has.
        systemd: whether the guests' first process is systemd.
        rootless: whether it lives in an ordinary user's namespaces.
        file_system: what is mounted at the guests' ``/srv``, if anything.
        login: the user that the inventory names.
        user_namespace: keeps the user namespace of a rootless lab.
        switch: keeps the namespace of the bridge.
        backup_server: keeps the namespace of the backup server.
        guests: the first process of every guest, by its number.
    """

    name: str
    slot: int
    systemd: bool = False
    rootless: bool = False
    file_system: FileSystem | None = None
    login: str = "root"
    user_namespace: Process | None = None
    switch: Process | None = None
    backup_server: Process | None = None
    guests: dict[int, Process] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the lab's own files are."""
        return state_folder() / self.name

    @property
    def inventory(self) -> Path:
        """The Ansible inventory."""
        return self.folder / "inventory.yml"

    @property
    def group_name(self) -> str:
        """What its control group is called: no other lab on this machine has that name."""
        return f"{self.name}-{_folder_number():08x}" if os.environ.get(FOLDER_VARIABLE) else self.name

    @property
    def disks(self) -> Path:
        """Where the guests' disks are: on a disk, even where the state is in memory."""
        chosen = os.environ.get(FOLDER_VARIABLE)
        return self.folder / "disks" if chosen else Path("/var/tmp/guestwright-lab") / self.name  # noqa: S108

    def guest(self, number: int) -> Guest:
        """Return the guest of a number."""
        return Guest(self.slot, number)

    @property
    def names(self) -> frozenset[str]:
        """The names of all guests."""
        return frozenset(self.guest(number).name for number in self.guests)

    def save(self) -> None:
        """Write the state file, in one step."""
        document = {
            "name": self.name,
            "slot": self.slot,
            "systemd": self.systemd,
            "rootless": self.rootless,
            "file_system": str(self.file_system) if self.file_system else None,
            "login": self.login,
            "user_namespace": _process_document(self.user_namespace),
            "switch": _process_document(self.switch),
            "backup_server": _process_document(self.backup_server),
            "guests": {str(number): _process_document(process) for number, process in self.guests.items()},
        }
        write_private(self.folder / "lab.json", json.dumps(document, indent=2) + "\n")


def _process_document(process: Process | None) -> list[int] | None:
    return [process.number, process.started] if process else None


def _process(document: list[int] | None) -> Process | None:
    return Process(document[0], document[1]) if document else None


def state_folder() -> Path:
    """Return the folder of all labs of this user: ``$GUESTWRIGHT_LAB_DIR`` or the usual one."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/run/guestwright-lab")
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir():
        return Path(runtime) / "guestwright-lab"
    return Path(tempfile.gettempdir()) / f"guestwright-lab-{os.geteuid()}"


def _folder_number() -> int:
    return int.from_bytes(hashlib.sha256(os.fsencode(state_folder())).digest()[:4])


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def load(name: str) -> Lab:
    """Return a lab by its name.

    Raises:
        UsageError: there is no such lab.
    """
    try:
        document = json.loads((state_folder() / name / "lab.json").read_text())
    except FileNotFoundError:
        others = f"labs that are up: {', '.join(names())}; " if names() else ""
        hint = f"{others}start it: guestwright lab up --linux N --name {name}"
        raise UsageError(f"there is no lab {name!r}", hint) from None
    kind = document["file_system"]
    guests = {int(number): _process(entry) for number, entry in document["guests"].items()}
    return Lab(
        name=document["name"],
        slot=document["slot"],
        systemd=document["systemd"],
        rootless=document["rootless"],
        file_system=parse_file_system(kind) if kind else None,
        login=document["login"],
        user_namespace=_process(document["user_namespace"]),
        switch=_process(document["switch"]),
        backup_server=_process(document["backup_server"]),
        guests={number: process for number, process in guests.items() if process},
    )


def exists(name: str) -> bool:
    """Say whether a lab, whole or half, is there."""
    return (state_folder() / name / "lab.json").exists()


def names() -> list[str]:
    """Return the names of all labs."""
    return sorted(path.parent.name for path in state_folder().glob("*/lab.json"))


def create(name: str, *, systemd: bool, rootless: bool, file_system: FileSystem | None, login: str) -> Lab:
    """Make the folder of a new lab and give it a range of addresses of its own.

    Raises:
        GuestwrightError: all ranges are taken.
    """
    first = _folder_number() if os.environ.get(FOLDER_VARIABLE) else 0
    for slot in ((first + number) % SLOTS for number in range(SLOTS)):
        try:
            _slot_file(slot).touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        lab = Lab(name, slot, systemd, rootless, file_system, login)
        lab.folder.mkdir(mode=0o700, exist_ok=True)
        lab.save()
        return lab
    raise GuestwrightError(f"{SLOTS} labs are up already", "end one: guestwright lab down --name NAME")


def _slot_file(slot: int) -> Path:
    return state_folder() / f".slot-{slot}"


def discard(lab: Lab) -> None:
    """Remove everything that is known of a lab."""
    shutil.rmtree(lab.disks, ignore_errors=True)
    shutil.rmtree(lab.folder, ignore_errors=True)
    _slot_file(lab.slot).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        lab.disks.parent.rmdir()


@contextlib.contextmanager
def locked(name: str, patience: float = 0.0) -> Iterator[None]:
    """Hold a lab for one command at a time.

    Args:
        name: the lab's name; it need not exist.
        patience: seconds to wait for another command to end.

    Raises:
        GuestwrightError: another command holds it, or the folder belongs to somebody else.
    """
    folder = state_folder()
    path = folder / f".{name}.lock"
    held: list[int] = []
    if not wait_until(lambda: _lock(path, held), patience):
        raise GuestwrightError(
            f"another command is working on the lab {name!r}", "wait until it has ended, then try again"
        )
    try:
        yield
    finally:
        if not exists(name):
            path.unlink(missing_ok=True)
        os.close(held[0])
        with contextlib.suppress(OSError):
            folder.rmdir()


def _lock(path: Path, held: list[int]) -> bool:
    """Try to hold a file, which a command that ends meanwhile may remove, and its folder with it."""
    while True:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _refuse_foreign(path.parent)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                held.append(descriptor)
                return True
        except FileNotFoundError:
            pass
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.close(descriptor)


def _refuse_foreign(folder: Path) -> None:
    status = folder.stat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise GuestwrightError(f"{folder} is not private to you", f"remove it, or set {FOLDER_VARIABLE}")
