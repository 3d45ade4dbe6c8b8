from __future__ import annotations

from pathlib import Path

import pytest
from guestwright.execution.ansible_settings import ansible_environment
from guestwright.execution.workspace import Workspace

WORKSPACE = Workspace("r1", Path("/state/runs/r1"), Path("/dev/shm/guestwright-r1"))


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    return folder


def test_a_run_marks_its_processes_and_keeps_its_connections_to_itself(tmp_path: Path) -> None:
    variables = ansible_environment(WORKSPACE, {"PATH": "/bin"}, tmp_path)
    assert variables["GUESTWRIGHT_RUN_ID"] == "r1"
    assert variables["PATH"].endswith(":/bin")
    assert variables["ANSIBLE_SSH_CONTROL_PATH_DIR"] == "/dev/shm/guestwright-r1/cp"
    assert "ControlPersist" in variables["ANSIBLE_SSH_ARGS"]
    assert "ANSIBLE_CONFIG" not in variables


def test_the_users_ansible_cfg_is_named_where_the_playbooks_run(tmp_path: Path, home: Path) -> None:
    (home / ".ansible.cfg").write_text("[defaults]\n")
    assert ansible_environment(WORKSPACE, {}, tmp_path)["ANSIBLE_CONFIG"] == str(home / ".ansible.cfg")
    (tmp_path / "ansible.cfg").write_text("[defaults]\n")
    assert ansible_environment(WORKSPACE, {}, tmp_path)["ANSIBLE_CONFIG"] == str(tmp_path / "ansible.cfg")
    tmp_path.chmod(0o777)
    assert ansible_environment(WORKSPACE, {}, tmp_path)["ANSIBLE_CONFIG"] == str(home / ".ansible.cfg")
    chosen = {"ANSIBLE_CONFIG": "other.cfg"}
    assert ansible_environment(WORKSPACE, chosen, tmp_path)["ANSIBLE_CONFIG"] == str(tmp_path / "other.cfg")


@pytest.mark.parametrize(
    "content", ["[ssh_connection]\nssh_args = -F my%config\n", "[ssh_connection]\nSSH_ARGS=-F x\n"]
)
def test_ssh_arguments_of_the_users_hold(tmp_path: Path, content: str) -> None:
    (tmp_path / "ansible.cfg").write_text(content)
    assert "ANSIBLE_SSH_ARGS" not in ansible_environment(WORKSPACE, {}, tmp_path)
    assert "ANSIBLE_SSH_ARGS" not in ansible_environment(WORKSPACE, {"ANSIBLE_SSH_ARGS": "-v"}, tmp_path)


def test_a_config_that_cannot_be_read_is_left_to_ansible_to_complain_of(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("no section\n")
    assert "ANSIBLE_SSH_ARGS" in ansible_environment(WORKSPACE, {}, tmp_path)
