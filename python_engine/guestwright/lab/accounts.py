"""The accounts of a guest, as texts of ``/etc``. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_FIRST_NUMBER: Final = 2001
SUDO_RULES: Final = """\
Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL:ALL) ALL
operator ALL=(ALL:ALL) NOPASSWD: ALL
clerk ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
"""


@dataclass(frozen=True)
class Account:
    """A login that every guest has beside root.

    Attributes:
        name: the login name.
        number: user and group number, free on this machine.
        password_hash: as ``/etc/shadow`` has it; ``*`` allows no password.
    """

    name: str
    number: int
    password_hash: str

    @property
    def home(self) -> str:
        """The home folder."""
        return f"/home/{self.name}"


@dataclass(frozen=True)
class Accounts:
    """The texts of a guest's account files."""

    passwd: str
    group: str
    shadow: str
    users: tuple[Account, ...]


def accounts(passwd: str, group: str, clerk_hash: str) -> Accounts:
    """Make a guest's account files from the machine's.

    The machine's users stay, since its programs need them, but no password of theirs is taken along.

    Args:
        passwd: the machine's ``/etc/passwd``.
        group: the machine's ``/etc/group``.
        clerk_hash: the hash of the password that ``clerk`` needs for sudo.
    """
    ours = ("operator", "clerk")
    users = [line for line in passwd.splitlines() if ":" in line and line.split(":")[0] not in ours]
    groups = [line for line in group.splitlines() if ":" in line and line.split(":")[0] not in ours]
    taken = {line.split(":")[2] for line in (*users, *groups) if line.count(":") >= 2}
    free = (number for number in range(_FIRST_NUMBER, 60000) if str(number) not in taken)
    made = tuple(Account(name, next(free), clerk_hash if name == "clerk" else "*") for name in ours)
    with_shell = [_root_shell(line) for line in users]
    added = [f"{one.name}:x:{one.number}:{one.number}::{one.home}:/bin/bash" for one in made]
    shadow = [f"{line.split(':')[0]}:*:19700:0:99999:7:::" for line in users]
    shadow += [f"{one.name}:{one.password_hash}:19700:0:99999:7:::" for one in made]
    return Accounts(
        passwd="\n".join([*with_shell, *added]) + "\n",
        group="\n".join([*groups, *(f"{one.name}:x:{one.number}:" for one in made)]) + "\n",
        shadow="\n".join(shadow) + "\n",
        users=made,
    )


def _root_shell(line: str) -> str:
    return "root:x:0:0:root:/root:/bin/bash" if line.startswith("root:") else line
