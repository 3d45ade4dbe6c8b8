"""The collection alone, installed from its tarball: what the playbooks for running by hand need."""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".venv/bin"
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
INSTALLED_PLAYBOOKS = ("job_session", "orphans", "release")
INVENTORY = ROOT / "inventories/example"
_MINUTE = 60


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection's tarball, built by ansible-galaxy."""
    folder = tmp_path_factory.mktemp("tarball")
    _run("ansible-galaxy", "collection", "build", str(ROOT / "collection"), "--output-path", str(folder))
    version = yaml.safe_load((ROOT / "collection/galaxy.yml").read_text())["version"]
    return folder / f"guestwright-components-{version}.tar.gz"


@pytest.fixture(scope="module")
def environment(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which Ansible finds the installed collection, and no other copy of it."""
    folder = tmp_path_factory.mktemp("installed")
    alone = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(folder),
        "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
        "ANSIBLE_HOME": str(folder / "home"),
    }
    _run("ansible-galaxy", "collection", "install", str(tarball), "--offline", "-p", str(folder), env=alone)
    return alone


def test_the_tarball_is_small_and_holds_no_rubbish(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = archive.getnames()
    assert tarball.stat().st_size < 1_000_000
    assert "plugins/module_utils/components/__main__.py" in names
    assert "LICENSE" in names
    assert not [name for name in names if "__pycache__" in name or "_cache" in name]


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: str(path.stem))
def test_playbooks_for_running_by_hand_are_sound(playbook: Path, environment: dict[str, str]) -> None:
    _run("ansible-playbook", "--syntax-check", "-i", str(INVENTORY), str(playbook), env=environment)


@pytest.mark.parametrize("playbook", INSTALLED_PLAYBOOKS)
def test_playbooks_of_the_collection_are_found_by_name(playbook: str, environment: dict[str, str]) -> None:
    name = f"guestwright.components.{playbook}"
    _run("ansible-playbook", "--syntax-check", "-i", str(INVENTORY), name, env=environment)


def test_documentation_of_every_module_is_there(environment: dict[str, str]) -> None:
    modules = [f"guestwright.components.{path.stem}" for path in (ROOT / "collection/plugins/modules").glob("*.py")]
    text = _run("ansible-doc", *modules, env=environment)
    assert all(module in text for module in modules)


def test_playbooks_run_on_guests_with_the_installed_collection(
    lab: Callable[..., Any], environment: dict[str, str]
) -> None:
    guests = lab(linux=2)
    settings = ("-e", "guests=all", "-e", '{"guest_file_systems": ["/srv"]}')
    for name in ("process_guests", "process_guests_as_one", "remove_components", "sweep_up"):
        playbook = str(ROOT / f"playbooks/{name}.yml")
        command = (str(BIN / "ansible-playbook"), "-i", str(guests.inventory), playbook, *settings)
        outcome = guests.exec(*command, check=False, env=environment, timeout=2 * _MINUTE)
        assert outcome.returncode == 0, outcome.stdout
    for guest in guests.guests:
        assert guests.in_guest(guest, "ls", "/run/guestwright", check=False).returncode != 0


def _run(command: str, *arguments: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(BIN / command), *arguments], check=False, capture_output=True, text=True, env=env, timeout=2 * _MINUTE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
