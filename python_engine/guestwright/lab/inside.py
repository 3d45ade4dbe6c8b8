"""Commands inside a lab: on its backup server, or in a guest."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import NoReturn

from guestwright.errors import GuestwrightError
from guestwright.lab import groups, guest, kernel, processes, rootless, state
from guestwright.lab.model import parse_guest


def execute(name: str, guest_name: str | None, command: Sequence[str]) -> int:
    """Run a command on the lab's backup server, in place of this process, or in a guest.

    On the backup server it sees this machine's file system and the lab's network alone.

    Returns:
        The command's exit code, where it ran in a guest.

    Raises:
        UsageError: there is no such lab or guest.
        GuestwrightError: the lab or the guest has ended.
    """
    lab = state.load(name)
    rootless.enter(lab)
    if guest_name is None:
        keeper = lab.backup_server
        if keeper is None or not keeper.alive:
            raise GuestwrightError(f"the backup server of the lab {name!r} has ended", "end the lab, start it again")
        _become_backup_server(lab.group_name, keeper)
        _execute(command, {**os.environ, "GUESTWRIGHT_LAB": name})
    one = parse_guest(guest_name, lab.slot, lab.names)
    first = lab.guests[one.number]
    if not first.alive:
        raise GuestwrightError(f"the guest {guest_name} has ended", "start it again: guestwright lab up")
    parent = groups.guests_group(lab.group_name)
    if parent and not lab.systemd:
        groups.join(parent / guest_name)
    return _execute_in_guest(first, command)


def _become_backup_server(group_name: str, keeper: processes.Process) -> None:
    groups.join(groups.backup_server_group(group_name))
    with keeper.namespace("net").open("rb") as namespace:
        kernel.set_namespace(namespace.fileno(), kernel.NEW_NETWORK)


def _execute(command: Sequence[str], environment: dict[str, str]) -> NoReturn:
    processes.restore_signals()
    try:
        os.execvpe(command[0], list(command), environment)  # noqa: S606
    except FileNotFoundError:
        code, complaint = 127, "command not found"
    except OSError as error:
        code, complaint = 126, error.strerror or "cannot be run"
    os.write(2, f"{command[0]}: {complaint}\n".encode())
    os._exit(code)


def _execute_in_guest(first: processes.Process, command: Sequence[str]) -> int:
    environment = {**guest.ENVIRONMENT, "HOME": "/root", "USER": "root", "LANG": os.environ.get("LANG", "C.UTF-8")}
    environment |= {name: os.environ[name] for name in ("TERM",) if name in os.environ}
    descriptor = os.pidfd_open(first.number)
    own = kernel.NEW_MOUNT | kernel.NEW_HOST_NAME | kernel.NEW_IPC | kernel.NEW_PID | kernel.NEW_NETWORK
    kernel.set_namespace(descriptor, own | kernel.NEW_CGROUP)
    child = os.fork()
    if child == 0:
        kernel.end_with_parent(signal.SIGKILL)
        os.chdir("/root")
        _execute(command, environment)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, lambda received, _: os.kill(child, received))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code
