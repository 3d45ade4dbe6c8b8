"""Guests: a first process in namespaces of its own, with a tree of its own, that becomes sshd or systemd."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from guestwright.errors import GuestwrightError
from guestwright.lab import groups, kernel, network, tree
from guestwright.lab.processes import Process, restore_signals
from guestwright.lab.state import Lab

_NAMESPACES: Final = (
    kernel.NEW_MOUNT | kernel.NEW_HOST_NAME | kernel.NEW_IPC | kernel.NEW_PID | kernel.NEW_NETWORK | kernel.NEW_CGROUP
)
ENVIRONMENT: Final = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


@dataclass(frozen=True)
class _Starting:
    identity: tree.Identity
    parent: int
    number_pipe: int
    go_pipe: int
    complaint_pipe: int


def start(lab: Lab, identities: Sequence[tree.Identity]) -> None:
    """Start guests, all at once, and note each in the lab's state before it can do anything.

    Raises:
        GuestwrightError: a guest could not be started; those started are in the state.
    """
    if lab.switch is None:
        raise GuestwrightError(f"the lab {lab.name!r} has no network", "end it: guestwright lab down")
    place = lab.folder / "mount"
    place.mkdir(mode=0o700, exist_ok=True)
    starting = [_fork(lab, identity, place) for identity in identities]
    complaints = _note_numbers(lab, starting)
    if not complaints:
        complaints = _release(lab, lab.switch, starting)
    for one in starting:
        os.close(one.go_pipe)
    for one in starting:
        with os.fdopen(one.complaint_pipe, "rb") as pipe:
            complaint = pipe.read().decode(errors="replace").strip()
        if complaint:
            complaints.insert(0, f"{one.identity.guest.name}: {complaint}")
    if complaints:
        raise GuestwrightError(f"a guest did not start: {complaints[0]}", "see docs/how-to/rehearse-in-a-lab.md")


def _note_numbers(lab: Lab, starting: Sequence[_Starting]) -> list[str]:
    """Write every guest's first process down; return what went wrong."""
    complaints = []
    for one in starting:
        with os.fdopen(one.number_pipe, "rb") as pipe:
            answer = pipe.read(2000).decode(errors="replace")
        os.waitpid(one.parent, 0)
        if answer.isdigit():
            with contextlib.suppress(ProcessLookupError):
                lab.guests[one.identity.guest.number] = Process.of(int(answer))
        else:
            complaints.append(f"{one.identity.guest.name}: {answer or 'did not start'}")
    lab.save()
    return complaints


def _release(lab: Lab, switch: Process, starting: Sequence[_Starting]) -> list[str]:
    """Connect the guests and let them go on; return what went wrong."""
    guests = [one.identity.guest for one in starting]
    try:
        network.plug(switch, [(one, lab.guests[one.number].number) for one in guests if one.number in lab.guests])
        for one in starting:
            os.write(one.go_pipe, b"x")
    except (GuestwrightError, BrokenPipeError) as error:
        return [str(error)]
    return []


def _fork(lab: Lab, identity: tree.Identity, place: Path) -> _Starting:
    number_read, number_write = os.pipe()
    go_read, go_write = os.pipe()
    complaint_read, complaint_write = os.pipe()
    parent = os.fork()
    if parent == 0:
        # Earlier guests' pipes stay open here, which is why each waits for a byte and not for the pipe's end alone.
        try:
            for descriptor in (number_read, go_write, complaint_read):
                os.close(descriptor)
            os.setsid()
            group = groups.guests_group(lab.group_name)
            joined = groups.join(group / identity.guest.name if group else None)
            if identity.systemd and not joined:
                raise PermissionError(f"no control group for systemd: {group}")
            kernel.unshare(_NAMESPACES)
            network.quiet_ipv6()
            first = os.fork()
            if first == 0:
                os.close(number_write)
                _become_guest(identity, place, go_read, complaint_write)
            os.write(number_write, str(first).encode())
        except OSError as error:
            os.write(number_write, str(error).encode())
        finally:
            os._exit(0)
    for descriptor in (number_write, go_read, complaint_write):
        os.close(descriptor)
    return _Starting(identity, parent, number_read, go_write, complaint_read)


def _become_guest(identity: tree.Identity, place: Path, go_pipe: int, complaint_pipe: int) -> NoReturn:
    try:
        os.umask(0o022)
        root = tree.build(place, identity)
        if os.read(go_pipe, 1):
            network.configure(identity.guest.address)
            kernel.change_root(root)
            tree.restrict()
            _attach_log(complaint_pipe)
            restore_signals()
            if identity.systemd:
                command = ["/sbin/init", f"--unit={tree.SYSTEMD_TARGET}", "--log-target=journal-or-kmsg"]
                os.execve(command[0], command, {**ENVIRONMENT, "container": "lab"})  # noqa: S606
            os.execve("/usr/sbin/sshd", ["/usr/sbin/sshd", "-D", "-e"], ENVIRONMENT)  # noqa: S606
    except BaseException:  # noqa: BLE001
        os.write(complaint_pipe, traceback.format_exc(limit=-2).encode())
    finally:
        os._exit(1)


def _attach_log(complaint_pipe: int) -> None:
    log = os.open("/var/log/sshd.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for descriptor in (log, null):
        os.close(descriptor)
    os.closerange(3, complaint_pipe)
    os.closerange(complaint_pipe + 1, 4096)
