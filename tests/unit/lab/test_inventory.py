"""The lab's inventory."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from guestwright.lab.inventory import Access, inventory, known_hosts
from guestwright.lab.model import Guest

GUESTS = [Guest(4, 1), Guest(4, 2), Guest(4, 3)]


def group(login: str = "root", folder: str = "/labs/one") -> dict[str, Any]:
    place = Path(folder)
    access = Access(login, place / "login_key", place / "known_hosts", place / "clerk_password")
    text = inventory(GUESTS, access, systemd=False, file_system=True)
    linux: dict[str, Any] = yaml.safe_load(text)["all"]["children"]["linux"]
    return linux


def test_every_guest_has_its_address() -> None:
    found = group()
    assert {name: host["ansible_host"] for name, host in found["hosts"].items()} == {
        guest.name: guest.address for guest in GUESTS
    }
    assert sorted(found["children"]["linux_odd"]["hosts"]) == ["linux-001", "linux-003"]
    assert sorted(found["children"]["linux_even"]["hosts"]) == ["linux-002"]


def test_host_keys_are_checked_against_the_labs_own_file() -> None:
    words = shlex.split(group(folder="/labs/with space")["vars"]["ansible_ssh_common_args"])
    options = dict(word.split("=", 1) for word in words[1::2])
    assert set(words[::2]) == {"-o"}
    assert options["StrictHostKeyChecking"] == "yes"
    assert options["UserKnownHostsFile"] == "/labs/with space/known_hosts"
    assert options["GlobalKnownHostsFile"] == "/dev/null"
    assert options["IdentitiesOnly"] == "yes"


@pytest.mark.parametrize(("login", "become"), [("root", None), ("operator", "sudo"), ("clerk", "sudo")])
def test_become_follows_the_login(login: str, become: str | None) -> None:
    variables = group(login)["vars"]
    assert variables["ansible_user"] == login
    assert variables.get("ansible_become_method") == become
    assert variables.get("ansible_become", False) == (become is not None)


def test_the_password_is_only_looked_up() -> None:
    assert group("clerk")["vars"]["ansible_become_password"] == (
        "{{ lookup('ansible.builtin.file', '/labs/one/clerk_password') }}"
    )
    assert "ansible_become_password" not in group("operator")["vars"]


def test_one_host_key_per_guest_is_pinned() -> None:
    text = known_hosts([(GUESTS[0], "ssh-ed25519 AAAA one\n"), (GUESTS[1], "ssh-ed25519 BBBB two\n")])
    assert text.splitlines() == [
        "10.104.1.2,linux-001 ssh-ed25519 AAAA",
        "10.104.1.3,linux-002 ssh-ed25519 BBBB",
    ]
