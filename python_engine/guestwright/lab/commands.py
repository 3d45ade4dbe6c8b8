"""The lab's commands: start, end, look, run, break."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guestwright.errors import GuestwrightError, UsageError
from guestwright.lab import (
    faults,
    file_system,
    groups,
    guest,
    inventory,
    kernel,
    keys,
    network,
    prerequisites,
    processes,
    readiness,
    rootless,
    state,
    tree,
)
from guestwright.lab.accounts import Accounts, accounts
from guestwright.lab.model import MOST_GUESTS, FileSystem, Guest, parse_guest
from guestwright.lab.state import Lab

_ANSWER_SECONDS: Final = 60.0
_GUEST_ANSWER_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Wanted:
    """What ``lab up`` is asked for.

    Attributes:
        name: the lab's name.
        guests: how many.
        systemd: whether the guests' first process is systemd.
        file_system: what to mount at their ``/srv``.
        login: the user that the inventory names.
        rootless: whether the lab lives in an ordinary user's namespaces.
    """

    name: str
    guests: int
    systemd: bool
    file_system: FileSystem | None
    login: str
    rootless: bool


def up(wanted: Wanted) -> Path:
    """Start a lab, or what is missing of it, and return its inventory once every guest answers.

    Repeating it with a larger number adds guests; ended guests are started afresh; the login may change. Whatever
    fails, what this call made is removed again.

    Raises:
        UsageError: the settings make no sense, or contradict those of the lab that is up.
        PrerequisiteError: something is missing on this machine.
        GuestwrightError: a guest did not start or does not answer.
    """
    if not 1 <= wanted.guests <= MOST_GUESTS:
        raise UsageError(f"a lab cannot have {wanted.guests} guests", f"ask for 1 to {MOST_GUESTS}")
    if wanted.rootless:
        rootless.refuse(systemd=wanted.systemd, file_system=wanted.file_system is not None)
    prerequisites.check(
        file_system=wanted.file_system, login=wanted.login, systemd=wanted.systemd, rootless=wanted.rootless
    )
    if wanted.rootless:
        rootless.check_range()
    with _interruptible(), state.locked(wanted.name):
        fresh = not state.exists(wanted.name)
        if fresh:
            lab = state.create(
                wanted.name,
                systemd=wanted.systemd,
                rootless=wanted.rootless,
                file_system=wanted.file_system,
                login=wanted.login,
            )
        else:
            lab = state.load(wanted.name)
            _refuse_contradictions(lab, wanted)
        present = {number for number, process in lab.guests.items() if process.alive}
        missing = [lab.guest(number) for number in range(1, wanted.guests + 1) if number not in present]
        try:
            _start(lab, wanted, missing)
        except BaseException:
            with _uninterruptible():
                if fresh:
                    _tell(f"removing what was made of the lab {lab.name}")
                    _remove(lab)
                else:
                    _remove_guests(lab, missing)
                    lab.save()
            raise
        if not fresh and not missing:
            _tell(f"the lab {lab.name} is up already, with {len(lab.guests)} guests")
        return lab.inventory


def _refuse_contradictions(lab: Lab, wanted: Wanted) -> None:
    pairs = {
        "--systemd": (lab.systemd, wanted.systemd),
        "--file-system": (lab.file_system, wanted.file_system),
    }
    different = [option for option, (has, asked) in pairs.items() if has != asked]
    if different:
        raise UsageError(
            f"the lab {lab.name!r} is up with another {' and '.join(different)}",
            f"repeat its own settings, or: guestwright lab down --name {lab.name}",
        )
    if not (lab.switch and lab.switch.alive and lab.backup_server and lab.backup_server.alive):
        raise GuestwrightError(
            f"the lab {lab.name!r} is only half there", f"remove it: guestwright lab down --name {lab.name}"
        )


def _start(lab: Lab, wanted: Wanted, missing: Sequence[Guest]) -> None:
    lab.login = wanted.login
    if lab.rootless and lab.user_namespace is None:
        lab.user_namespace = rootless.start_keeper()
        lab.save()
    rootless.enter(lab)
    if lab.switch is None:
        lab.switch = network.start_keeper()
        lab.save()
        lab.backup_server = network.start_keeper()
        lab.save()
        network.build(lab.slot, lab.switch, lab.backup_server)
    _remove_guests(lab, missing)
    if missing:
        _tell(f"starting {len(missing)} guests of the lab {lab.name}")
    keys.generate(lab, [one.name for one in missing])
    identities = [_identity(lab, one, files) for files in [_account_files(lab)] for one in missing]
    guest.start(lab, identities)
    _write_inventory(lab)
    if lab.backup_server and missing:
        readiness.wait_for_answers(
            lab.backup_server, missing, _ANSWER_SECONDS + len(missing) * (1 if lab.systemd else 0.2)
        )
        _tell(f"{len(missing)} guests answer")


def _account_files(lab: Lab) -> Accounts:
    passwd, group = (Path(path).read_text() for path in ("/etc/passwd", "/etc/group"))
    return accounts(passwd, group, keys.password_hash(lab))


def _identity(lab: Lab, one: Guest, files: Accounts) -> tree.Identity:
    device = file_system.create_disk(lab, one.name, lab.file_system) if lab.file_system else None
    return tree.Identity(
        guest=one,
        lab_name=lab.name,
        accounts=files,
        authorized_key=keys.login_key(lab).with_suffix(".pub").read_text(),
        host_key=keys.host_key(lab, one.name).read_text(),
        systemd=lab.systemd,
        device=device,
        file_system=lab.file_system.kind if lab.file_system else "",
        hidden=[state.state_folder(), lab.disks.parent],
        lower=rootless.lower_folders(lab) if lab.rootless else [("", "/")],
    )


def _write_inventory(lab: Lab) -> None:
    guests = [lab.guest(number) for number in sorted(lab.guests)]
    public = [(one, keys.host_key(lab, one.name).with_suffix(".pub").read_text()) for one in guests]
    known_hosts = lab.folder / "known_hosts"
    state.write_private(known_hosts, inventory.known_hosts(public))
    access = inventory.Access(lab.login, keys.login_key(lab), known_hosts, keys.password_file(lab))
    text = inventory.inventory(guests, access, systemd=lab.systemd, file_system=lab.file_system is not None)
    state.write_private(lab.inventory, text)


def down(name: str) -> None:
    """End a lab, whole or half, and remove everything of it.

    Raises:
        UsageError: there is no such lab.
        GuestwrightError: it is asked for from inside the lab, or something would not end.
    """
    with state.locked(name):
        lab = state.load(name)
        if _inside(lab):
            raise GuestwrightError("a lab cannot be ended from its own backup server", "run this outside of the lab")
        with _uninterruptible():
            _remove(lab)
    _tell(f"the lab {name} is gone")


def _inside(lab: Lab) -> bool:
    if not (lab.backup_server and lab.backup_server.alive):
        return False
    return lab.backup_server.in_namespace("net")


def _remove(lab: Lab) -> None:
    group = groups.lab_group(lab.group_name)
    commands = _processes_in(groups.backup_server_group(lab.group_name))
    if lab.backup_server:
        commands += processes.in_network_namespace(lab.backup_server)
    processes.end(commands, patience=3)
    left = _remove_guests(lab, [lab.guest(number) for number in sorted(set(lab.guests) | _disk_numbers(lab))])
    if lab.switch:
        processes.end(processes.in_network_namespace(lab.switch), patience=1)
    processes.end([keeper for keeper in (lab.switch, lab.backup_server, lab.user_namespace) if keeper])
    groups.kill(group)
    if not groups.remove(group):
        left.append(f"control group {group}")
    if group is not None:
        with contextlib.suppress(OSError):
            group.parent.rmdir()
    if left:
        raise GuestwrightError(f"left of the lab {lab.name!r}: {', '.join(left)}", "try guestwright lab down again")
    state.discard(lab)


def _disk_numbers(lab: Lab) -> set[int]:
    return {int(name.removeprefix("linux-")) for name in file_system.loop_devices(lab)}


def _processes_in(group: Path | None) -> list[processes.Process]:
    found = []
    for number in groups.members(group):
        with contextlib.suppress(ProcessLookupError):
            found.append(processes.Process.of(number))
    return found


def _remove_guests(lab: Lab, guests: Sequence[Guest]) -> list[str]:
    """End guests and let go of their disks; return what would not go."""
    ended = [lab.guests.pop(one.number) for one in guests if one.number in lab.guests]
    for process in ended:
        _thaw(lab, process)
    parent = groups.guests_group(lab.group_name)
    own = [parent / one.name for one in guests] if parent else []
    for group in own:
        groups.kill(group)
    stuck = processes.end(ended, deadline=1 if lab.file_system else 10)
    if stuck and lab.file_system:
        for name, device in file_system.loop_devices(lab).items():
            if name in {one.name for one in guests}:
                file_system.thaw_elsewhere(lab, device, lab.file_system.kind)
        stuck = processes.end(stuck)
    left = [f"process {process.number}" for process in stuck]
    left += [f"control group {group}" for group in own if not groups.remove(group)]
    for one in guests:
        faults.forget(lab, one)
    if lab.file_system:
        devices = file_system.loop_devices(lab)
        for one in guests:
            if one.name in devices and not file_system.release_disk(lab, devices[one.name], lab.file_system.kind):
                left.append(f"loop device {devices[one.name]}")
            (lab.disks / f"{one.name}.img").unlink(missing_ok=True)
    return left


def _thaw(lab: Lab, process: processes.Process) -> None:
    """Thaw before killing: what waits for a frozen file system cannot be killed."""
    if lab.file_system and process.alive:
        with contextlib.suppress(OSError):
            kernel.thaw(f"/proc/{process.number}/root/srv")


def fault(name: str, guest_name: str, wanted: faults.Fault) -> None:
    """Break or mend the link of a guest.

    Raises:
        UsageError: there is no such lab or guest.
        GuestwrightError: it could not be done.
    """
    with state.locked(name, patience=10):
        lab = state.load(name)
        rootless.enter(lab)
        one = parse_guest(guest_name, lab.slot, lab.names)
        if not lab.guests[one.number].alive:
            raise GuestwrightError(f"the guest {guest_name} has ended", "start it again: guestwright lab up")
        faults.apply(lab, one, wanted)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP like Ctrl-C, so that what was made is removed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    old = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _uninterruptible() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    old = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
