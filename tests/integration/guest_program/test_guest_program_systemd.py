"""On a guest whose PID 1 is systemd the Guest Helper is a transient unit, and systemd ends a freeze after it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.guestwright.components.plugins.plugin_utils import guest_program
from guest_programs import OWNER, command, request, result_of, until

pytestmark = pytest.mark.lab
LAB = f"gpsd{os.getpid()}"
CLI = [str(Path(sys.executable).parent / "guestwright"), "lab"]
SESSION = "on-systemd"
UNIT = f"guestwright-{SESSION}"


@pytest.fixture(scope="module")
def lab() -> Iterator[None]:
    subprocess.run([*CLI, "up", "--linux", "1", "--systemd", "--name", LAB, "--file-system", "ext4:64M"], check=True)
    yield
    subprocess.run([*CLI, "down", "--name", LAB], check=True)


def inside(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*CLI, "exec", "--name", LAB, "--guest", "linux-001", "--", *words],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )


def ask(verb: str, **arguments: Any) -> dict[str, Any]:
    given = command(request(SESSION, verb, **arguments))
    done = inside("/bin/sh", "-c", given.command, stdin=given.stdin)
    return result_of(guest_program.parse(done.stdout.decode()))


def prepare(time_to_live: float = 60) -> dict[str, Any]:
    return ask("prepare", required_components=["guest_helper"], time_to_live=time_to_live, owner=OWNER)


def is_active() -> bool:
    return inside("systemctl", "is-active", "--quiet", UNIT).returncode == 0


def is_writable() -> bool:
    return inside("timeout", "1", "touch", "/srv/written").returncode == 0


@pytest.mark.usefixtures("lab")
def test_a_unit_of_systemd_from_start_to_release() -> None:
    assert prepare()["helper"]["started_by"] == "systemd"
    assert is_active()
    ask("freeze", file_systems=["/srv"], freeze_timeout=30)
    assert not is_writable()
    released = ask("release")
    assert (released["thawed"], released["leftovers"]) == (["/srv"], [])
    assert is_writable()
    assert inside("ls", "/run/systemd/transient").stdout == b""


@pytest.mark.usefixtures("lab")
def test_systemd_thaws_after_helper_and_watchdog_were_killed() -> None:
    prepare()
    ask("freeze", file_systems=["/srv"], freeze_timeout=60)
    inside("systemctl", "kill", "--kill-whom=all", "--signal=STOP", UNIT)
    inside("systemctl", "kill", "--kill-whom=all", "--signal=KILL", UNIT)
    until(is_writable, 15)
    assert not is_active()
    assert ask("release")["leftovers"] == []


@pytest.mark.usefixtures("lab")
def test_the_unit_is_gone_when_the_time_to_live_ends() -> None:
    prepare(time_to_live=1)
    until(lambda: not is_active(), 10)
    assert inside("test", "-e", "/run/guestwright").returncode == 1
    assert inside("ls", "/run/systemd/transient").stdout == b""
