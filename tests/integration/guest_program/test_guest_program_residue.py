"""The proof: each kind of leftover is found, and what may stay is not called one."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from guest_programs import OWNER, Guest, until

pytestmark = pytest.mark.lab
NAME = "guestwright-residue-test"


def leftovers(guest: Guest, kind: str) -> list[str]:
    return [
        found["path"] for found in guest.ask("release")["leftovers"] if found["kind"] == kind and NAME in found["path"]
    ]


@contextmanager
def planted(path: str, content: str = "") -> Iterator[None]:
    above = [str(folder) for folder in reversed(Path(path).parents)]
    created = [folder for folder in above if not os.path.isdir(folder)]
    for folder in created:
        os.mkdir(folder)
    Path(path).write_text(content)
    try:
        yield
    finally:
        os.unlink(path)
        for folder in reversed(created):
            os.rmdir(folder)


@pytest.mark.parametrize(
    "folder", ["/run", "/tmp", "/var/tmp", "/dev/shm", "/var/lib", "/opt", "/usr/local/bin", "/etc", "/root"]
)
def test_finds_a_file(guest: Guest, folder: str) -> None:
    with planted(f"{folder}/{NAME}"):
        assert leftovers(guest, "file") == [f"{folder}/{NAME}"]
    assert leftovers(guest, "file") == []


@pytest.mark.parametrize("folder", ["/etc/systemd/system", "/run/systemd/transient", "/usr/local/lib/systemd/system"])
def test_finds_a_unit(guest: Guest, folder: str) -> None:
    with planted(f"{folder}/{NAME}.service"):
        assert leftovers(guest, "unit") == [f"{folder}/{NAME}.service"]
    assert leftovers(guest, "unit") == []


def test_finds_cron_by_name_and_by_content(guest: Guest) -> None:
    with planted(f"/etc/cron.d/{NAME}"):
        assert leftovers(guest, "cron") == [f"/etc/cron.d/{NAME}"]
    with planted("/etc/cron.d/innocent", f"* * * * * root /opt/{NAME}\n"):
        found = guest.ask("release")["leftovers"]
        assert {"kind": "cron", "path": "/etc/cron.d/innocent"} in found


def test_finds_a_process(guest: Guest) -> None:
    process = subprocess.Popen(["sleep", "60"], executable="/bin/sleep")
    hidden = subprocess.Popen([NAME, "60"], executable="/bin/sleep")
    try:
        until(lambda: NAME in Path(f"/proc/{hidden.pid}/cmdline").read_text())
        assert leftovers(guest, "process") == [f"{hidden.pid} {NAME} 60"]
    finally:
        for started in (process, hidden):
            started.kill()
            started.wait()


@pytest.mark.parametrize("address", [f"\0{NAME}", f"/var/{NAME}.sock"])
def test_finds_a_socket(guest: Guest, address: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        assert leftovers(guest, "socket") == [address.replace("\0", "@")]
    if address.startswith("/"):
        os.unlink(address)


def test_finds_users_and_groups(guest: Guest) -> None:
    subprocess.run(["useradd", "--system", NAME], check=True)
    try:
        assert leftovers(guest, "user") == [f"user {NAME}", f"group {NAME}"]
    finally:
        subprocess.run(["userdel", NAME], check=True)


@pytest.mark.parametrize("where", ["table", "chain", "comment", "set"])
def test_finds_firewall_rules(guest: Guest, where: str) -> None:
    table = NAME if where == "table" else "innocent"
    chain = NAME if where == "chain" else "innocent"
    comment = f'comment "{NAME}"' if where == "comment" else ""
    named = f"set {NAME} {{ type ipv4_addr; }}\n" if where == "set" else ""
    rules = f"table inet {table} {{\n{named}chain {chain} {{\ntcp dport 1 accept {comment}\n}}\n}}\n"
    subprocess.run(["nft", "-f", "-"], input=rules.encode(), check=True)
    try:
        found = leftovers(guest, "firewall")
        assert found
        assert any(text.startswith("nftables ") for text in found)
    finally:
        subprocess.run(["nft", "delete", "table", "inet", table], check=True)
    assert leftovers(guest, "firewall") == []


def test_another_live_session_is_no_leftover_but_a_dead_one_is(guest: Guest) -> None:
    other = Guest(f"{guest.session[:50]}-{NAME[:6]}")
    other.prepare()
    try:
        found = [entry["path"] for entry in guest.ask("release")["leftovers"] if other.session in entry["path"]]
        assert found == []
        other.kill("helper")
        found = [entry["path"] for entry in guest.ask("release")["leftovers"] if other.session in entry["path"]]
        assert other.folder in found
    finally:
        other.ask("release")


def test_orphans_by_owner(guest: Guest) -> None:
    mine, kept = Guest(f"{guest.session[:40]}-mine"), Guest(f"{guest.session[:40]}-kept")
    foreign, dead = Guest(f"{guest.session[:40]}-foreign"), Guest(f"{guest.session[:40]}-dead")
    everyone = [mine, kept, foreign, dead]
    try:
        for session in (mine, kept, dead):
            session.prepare()
        foreign.ask("prepare", required_components=["guest_helper"], time_to_live=60, owner={"server": "another"})
        dead.kill("helper")
        listed = guest.ask("orphans", owner=OWNER, live=[kept.session], remove=False, all_owners=False)
        states = {entry["session"]: (entry["state"], entry["removed"]) for entry in listed["sessions"]}
        assert [states[session.session] for session in everyone] == [("live", False)] * 3 + [("dead", False)]
        assert listed["sessions"][0]["age"] >= 0
        removed = guest.ask("orphans", owner=OWNER, live=[kept.session], remove=True, all_owners=False)
        gone = {entry["session"]: entry["removed"] for entry in removed["sessions"]}
        assert [gone[session.session] for session in everyone] == [True, False, False, True]
        assert [session.is_gone() for session in everyone] == [True, False, False, True]
        assert not [entry for entry in removed["leftovers"] if guest.session[:40] in entry["path"]]
        last = guest.ask("orphans", owner=OWNER, live=[kept.session], remove=True, all_owners=True)
        assert {entry["session"]: entry["removed"] for entry in last["sessions"]}[foreign.session] is True
        assert not kept.is_gone()
    finally:
        for session in everyone:
            session.ask("release")
