"""A lab of an ordinary user. Started by root, the tests make such a user and remove it again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import guestwright
import pytest
import yaml

pytestmark = pytest.mark.lab

USER = "gwlabtest"
NAME = "rehearsal"
Run = Callable[..., subprocess.CompletedProcess[str]]


def as_user(command: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    words = ["env", "-i", *(f"{key}={value}" for key, value in variables.items()), *command]
    words = ["runuser", "-u", USER, "--", *words] if os.geteuid() == 0 else words
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, cwd="/")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a copy of the program, since the user may not read this one."""
    if os.geteuid():
        yield tmp_path_factory.mktemp("home")
        return
    subprocess.run(["useradd", "--create-home", USER], check=True, capture_output=True)
    try:
        folder = Path("~" + USER).expanduser()
        yield folder
    finally:
        subprocess.run(["userdel", "--remove", USER], check=True, capture_output=True)


@pytest.fixture(scope="module")
def lab(home: Path) -> Iterator[Run]:
    source = home / "source"
    for package in (guestwright, yaml):
        folder = Path(package.__file__).parent
        shutil.copytree(folder, source / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    python = "/usr/bin/python3" if os.geteuid() == 0 else sys.executable
    variables = {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(source),
        "PYTHONDONTWRITEBYTECODE": "1",
        "GUESTWRIGHT_LAB_DIR": str(home / "labs"),
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        verb, *rest = words
        return as_user([python, "-m", "guestwright.cli.lab", "lab", verb, "--name", NAME, *rest], variables)

    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{USER}:", str(home)], check=True)
    started = run("up", "--linux", "2", "--login", "clerk")
    assert started.returncode == 0, started.stderr
    assert started.stdout == f"{home}/labs/{NAME}/inventory.yml\n"
    yield run
    ended = run("down")
    assert ended.returncode == 0, ended.stderr
    assert not (home / "labs").exists()


def test_guests_answer_and_limits_are_said(lab: Run) -> None:
    status = json.loads(lab("status", "--format", "json").stdout)
    assert status["rootless"]
    assert [guest["answers"] for guest in status["guests"].values()] == [True, True]
    assert any("freeze" in limit for limit in status["limits"])


def test_login_and_sudo_over_ssh(lab: Run, home: Path) -> None:
    folder = home / "labs" / NAME
    words = ["ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={folder}/known_hosts"]
    words += ["-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-i", f"{folder}/login_key"]
    status = json.loads(lab("status", "--format", "json").stdout)
    address = status["guests"]["linux-002"]["address"]
    assert lab("exec", "--", *words, f"root@{address}", "hostname; id -u").stdout.split() == ["linux-002", "0"]
    assert lab("exec", "--", *words, f"operator@{address}", "id -u; sudo -n id -u").stdout.split() == ["2001", "0"]
    assert lab("exec", "--", *words, f"clerk@{address}", "sudo -n id -u").returncode == 1


def test_guest_root_may_write_where_root_writes(lab: Run) -> None:
    done = lab(
        "exec", "--guest", "linux-001", "--", "touch", "/etc/a", "/var/lib/b", "/usr/local/c", "/run/d", "/root/e"
    )
    assert done.returncode == 0, done.stderr


def test_links_break_and_mend(lab: Run) -> None:
    def answers() -> bool:
        return bool(json.loads(lab("status", "--format", "json").stdout)["guests"]["linux-001"]["answers"])

    assert lab("fault", "linux-001", "down").returncode == 0
    assert not answers()
    assert lab("fault", "linux-001", "up").returncode == 0
    assert answers()


@pytest.mark.parametrize("option", [("--systemd",), ("--file-system", "ext4:64M")])
def test_what_needs_root_is_refused(lab: Run, option: tuple[str, ...]) -> None:
    refused = lab("up", "--linux", "1", *option)
    assert refused.returncode == 64
    assert "needs root" in refused.stderr
