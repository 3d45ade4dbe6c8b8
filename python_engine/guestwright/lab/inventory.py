"""The lab's Ansible inventory and the host keys that it pins. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from guestwright.lab.model import GROUP, Guest


@dataclass(frozen=True)
class Access:
    """How the inventory logs in.

    Attributes:
        login: ``root``, ``operator`` or ``clerk``.
        login_key: the private key's file.
        known_hosts: the file that pins each guest's host key.
        password_file: holds what ``clerk`` needs for sudo.
    """

    login: str
    login_key: Path
    known_hosts: Path
    password_file: Path


def known_hosts(keys: Sequence[tuple[Guest, str]]) -> str:
    """Return the text that pins one public host key per guest, by its address and its name."""
    lines = [f"{guest.address},{guest.name} {' '.join(key.split()[:2])}" for guest, key in keys]
    return "".join(f"{line}\n" for line in lines)


def inventory(guests: Sequence[Guest], access: Access, *, systemd: bool, file_system: bool) -> str:
    """Return the inventory of a lab's guests.

    The password of ``clerk`` is not in it: Ansible reads it from its file at run time, on the backup server.
    """
    variables: dict[str, Any] = {
        "ansible_user": access.login,
        "ansible_ssh_private_key_file": str(access.login_key),
        "ansible_ssh_common_args": shlex.join(_ssh_options(access.known_hosts)),
        "ansible_python_interpreter": "/usr/bin/python3",
        "guestwright_os": "linux",
        "lab_systemd": systemd,
    }
    if file_system:
        variables["lab_file_system"] = "/srv"
    if access.login != "root":
        variables |= {"ansible_become": True, "ansible_become_method": "sudo", "ansible_become_user": "root"}
    if access.login == "clerk":
        path = str(access.password_file).replace("'", "''")
        variables["ansible_become_password"] = "{{ lookup('ansible.builtin.file', '" + path + "') }}"
    group = {
        "hosts": {guest.name: {"ansible_host": guest.address} for guest in guests},
        "vars": variables,
        "children": {
            f"{GROUP}_odd": {"hosts": {guest.name: {} for guest in guests if guest.number % 2}},
            f"{GROUP}_even": {"hosts": {guest.name: {} for guest in guests if not guest.number % 2}},
        },
    }
    text = yaml.safe_dump({"all": {"children": {GROUP: group}}}, sort_keys=False, width=120)
    return f"---\n{text}"


def _ssh_options(known_hosts_file: Path) -> list[str]:
    options = {
        "UserKnownHostsFile": str(known_hosts_file),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "UpdateHostKeys": "no",
    }
    return [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
