"""What `guestwright render` writes, read by the tools that its users read it with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
JOBS = ("windows-and-linux", "consistency-group")


@pytest.fixture(params=JOBS)
def rendered(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    job, inventory = ROOT / f"playbooks/jobs/{request.param}.yml", ROOT / "inventories/example"
    command = [BIN / "guestwright", "render", job, "-i", inventory, "--output", tmp_path / "rendered"]
    subprocess.run(command, check=True, capture_output=True)
    return tmp_path / "rendered"


def test_ansible_lint_has_nothing_to_say(rendered: Path) -> None:
    command = [BIN / "ansible-lint", "--offline", "--profile", "production", "--nocolor"]
    done = subprocess.run(command, cwd=rendered, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_playbook_is_understood_by_ansible(rendered: Path) -> None:
    playbooks = sorted((rendered / "project").glob("*.yml"))
    assert [playbook.name for playbook in playbooks] == ["prepare.yml", "release.yml", "session.yml", "site.yml"]
    command = [BIN / "ansible-playbook", "-i", "inventory", "--syntax-check", *playbooks]
    done = subprocess.run(command, cwd=rendered, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
