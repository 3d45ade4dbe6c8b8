"""Ansible's settings of a run: the user's own stay in force, and what the phases rely on is laid over them."""

from __future__ import annotations

import configparser
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from guestwright.execution.processes import RUN_ID_VARIABLE
from guestwright.execution.workspace import Workspace

SSH_ARGUMENTS = "-o ControlMaster=auto -o ControlPersist=3600s -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
_RELIED_ON = {
    # Every guest has a result of its own, and one guest's failure ends no other's phase.
    "ANSIBLE_ANY_ERRORS_FATAL": "False",
    "ANSIBLE_STRATEGY": "linear",
    "ANSIBLE_RETRY_FILES_ENABLED": "False",
    "ANSIBLE_DEPRECATION_WARNINGS": "False",
}


def ansible_environment(workspace: Workspace, environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the variables that `ansible-playbook` gets besides the environment.

    The playbooks do not run in the user's folder, so the `ansible.cfg` there is named for them. The `ansible-playbook`
    of the engine's own environment comes first, also where that one is not activated.

    Args:
        workspace: the run's.
        environment: the user's.
        folder: where the user is.
    """
    variables = {
        RUN_ID_VARIABLE: workspace.run_id,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(workspace.control_paths),
        **_RELIED_ON,
    }
    config = _config_file(environment, folder)
    if config is not None:
        variables["ANSIBLE_CONFIG"] = str(config)
    if "ANSIBLE_SSH_ARGS" not in environment and not _sets_ssh_args(config):
        variables["ANSIBLE_SSH_ARGS"] = SSH_ARGUMENTS
    return variables


def _config_file(environment: Mapping[str, str], folder: Path) -> Path | None:
    """Return the `ansible.cfg` that Ansible would take in the user's folder, in its own order."""
    if chosen := environment.get("ANSIBLE_CONFIG"):
        path = folder / Path(chosen).expanduser()
        return path / "ansible.cfg" if path.is_dir() else path
    here = folder / "ansible.cfg"
    writable_by_all = bool(folder.stat().st_mode & stat.S_IWOTH)
    places = ([] if writable_by_all else [here]) + [Path.home() / ".ansible.cfg", Path("/etc/ansible/ansible.cfg")]
    return next((place for place in places if place.is_file()), None)


def _sets_ssh_args(config: Path | None) -> bool:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(config or (), encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return False
    return parser.has_option("ssh_connection", "ssh_args")
