"""What a lab is made of, how it fares, and what it cannot show."""

from __future__ import annotations

from typing import Any, Final

from guestwright.lab import faults, groups, readiness, rootless, state
from guestwright.lab.model import network
from guestwright.lab.state import Lab

_ANSWER_SECONDS: Final = 1.0


def status(name: str) -> dict[str, Any]:
    """Return what a lab is made of and how it fares.

    Raises:
        UsageError: there is no such lab.
    """
    lab = state.load(name)
    rootless.enter(lab)
    guests = [lab.guest(number) for number in sorted(lab.guests)]
    running = [one for one in guests if lab.guests[one.number].alive]
    silent = [one.name for one in running]
    if lab.backup_server and lab.backup_server.alive and running:
        silent = readiness.silent_guests(lab.backup_server, running, _ANSWER_SECONDS + 0.05 * len(running))
    parent = groups.guests_group(lab.group_name)
    return {
        "name": lab.name,
        "inventory": str(lab.inventory),
        "network": network(lab.slot),
        "systemd": lab.systemd,
        "rootless": lab.rootless,
        "file_system": str(lab.file_system) if lab.file_system else None,
        "login": lab.login,
        "backup_server": bool(lab.backup_server and lab.backup_server.alive),
        "guests": {
            one.name: {
                "address": one.address,
                "running": one in running,
                "answers": one in running and one.name not in silent,
                "process": lab.guests[one.number].number,
                "faults": {key: value for key, value in faults.current(lab, one).items() if key != "wire"},
                "cpu_seconds": groups.cpu_seconds(parent / one.name if parent else None),
            }
            for one in guests
        },
        "guests_cpu_seconds": groups.cpu_seconds(parent),
        "backup_server_cpu_seconds": groups.cpu_seconds(groups.backup_server_group(lab.group_name)),
        "limits": limits(lab),
    }


def limits(lab: Lab) -> list[str]:
    """Return what a lab of this kind cannot show, each a sentence for a report. Pure."""
    said = ["All guests share this machine's kernel: a guest's crash or its own kernel cannot be shown."]
    if not lab.systemd:
        said.append("The guests' first process is sshd, so services and timers of systemd cannot be shown.")
    if lab.rootless:
        said += rootless.LIMITS
    elif not lab.file_system:
        said.append("No guest has a file system of its own, so nothing can be frozen.")
    return said
