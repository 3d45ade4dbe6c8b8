"""The cases: ways to deploy the Guest Helper on every guest and to remove it again, as commands."""

from __future__ import annotations

import json
import shlex
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.environment import VENV, mitogen_strategies
from benchmark.figures import OURS
from benchmark.guests import GUESTWRIGHT, BenchmarkLab
from benchmark.measure import Step
from benchmark.payload import SESSION, Payload
from guestwright.execution.ansible_settings import SSH_ARGUMENTS as OUR_SSH_ARGUMENTS

BASELINES = Path(__file__).with_name("baselines")
CURVE25519 = "-o KexAlgorithms=curve25519-sha256"
PARALLEL = 50
_OWN_VENV = Path(sysconfig.get_path("scripts"))
_JOB = f"""\
api_version: guestwright/v1
kind: backup_job
name: {SESSION}
guests:
  - hosts: linux
guest_processing:
  application_processing: require_success
"""


@dataclass(frozen=True)
class Place:
    """Where a case runs.

    Attributes:
        lab: its guests.
        payload: what it deploys.
        folder: its own new folder, for what it writes; its path is short, since control sockets lie in it.
    """

    lab: BenchmarkLab
    payload: Payload
    folder: Path


@dataclass(frozen=True)
class Case:
    """One way to the end state.

    Attributes:
        name: as in the table.
        text: what it is.
        steps: returns its commands.
        slow: it is run once, however often the others are repeated.
        most_guests: it is left out where there are more, unless it is asked for by name.
    """

    name: str
    text: str
    steps: Callable[[Place], list[Step]]
    slow: bool = False
    most_guests: int = 1_000_000


def _step(place: Place, name: str, argv: Sequence[object], environment: Mapping[str, str] | None = None) -> Step:
    return Step(name, [str(word) for word in argv], place.folder, place.folder / f"{name}.out", environment or {})


def write_job(folder: Path) -> Path:
    """Write the benchmark's job, which deploys and releases and does nothing else, and return its file."""
    path = folder / "job.yml"
    path.write_text(_JOB)
    return path


def _guestwright(place: Place, extra: str = "") -> list[Step]:
    environment = {**place.payload.environment, "GUESTWRIGHT_STATE_DIR": str(place.folder / "state")}
    if extra:
        environment["ANSIBLE_SSH_EXTRA_ARGS"] = extra
    argv = [GUESTWRIGHT, "run", write_job(place.folder), "-i", place.lab.inventory, "--format", "json"]
    return [_step(place, "run", argv, environment)]


def witness(place: Place) -> list[Step]:
    """Return commands that run the product's prepare and release by themselves, so that one can look in between."""
    project = place.folder / "project"
    ansible = [_OWN_VENV / "ansible-playbook", "-i", project / "inventory"]
    render = [GUESTWRIGHT, "render", write_job(place.folder), "-i", place.lab.inventory, "--output", project]
    environment = {
        **place.payload.environment,
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(place.folder / "cp"),
        "ANSIBLE_FORKS": "16",
    }
    return [
        _step(place, "render", render, environment),
        _step(place, "deploy", [*ansible, project / "project/prepare.yml"], environment),
        _step(place, "release", [*ansible, project / "project/release.yml"], environment),
    ]


def _role(place: Place, configuration: str, playbooks: str, environment: Mapping[str, str] | None = None) -> list[Step]:
    folder = BASELINES / "ansible"
    settings = {
        "ANSIBLE_CONFIG": str(folder / f"{configuration}.cfg"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(place.folder / "cp"),
        "ANSIBLE_HOME": str(place.folder / "ansible"),
        **(environment or {}),
    }
    argv = [VENV / "bin/ansible-playbook", "-i", place.lab.inventory, "-e", f"payload={place.payload.folder}"]
    return [
        _step(place, "deploy", [*argv, folder / f"deploy_{playbooks}.yml"], settings),
        _step(place, "release", [*argv, folder / f"remove_{playbooks}.yml"], settings),
    ]


def _mitogen(place: Place) -> list[Step]:
    return _role(place, "mitogen", "tuned", {"ANSIBLE_STRATEGY_PLUGINS": str(mitogen_strategies())})


def _pyinfra(place: Place) -> list[Step]:
    settings = {
        "guests": place.lab.addresses,
        "payload": str(place.payload.folder),
        **{name: str(path) for name, path in _access(place.lab).items()},
    }
    path = place.folder / "settings.json"
    path.write_text(json.dumps(settings))
    folder = BASELINES / "pyinfra"
    argv = [VENV / "bin/pyinfra", "-y", "--parallel", str(PARALLEL), folder / "inventory.py"]
    environment = {"BENCHMARK_SETTINGS": str(path)}
    return [
        _step(place, "deploy", [*argv, folder / "deploy.py"], environment),
        _step(place, "release", [*argv, folder / "remove.py"], environment),
    ]


def _access(lab: BenchmarkLab) -> dict[str, Path]:
    return {name: lab.inventory.with_name(name) for name in ("login_key", "known_hosts")}


def _ssh(place: Place, options: str = "") -> list[Step]:
    access = _access(place.lab)
    lines = [
        "User root",
        f"IdentityFile {access['login_key']}",
        "IdentitiesOnly yes",
        f"UserKnownHostsFile {access['known_hosts']}",
        "GlobalKnownHostsFile /dev/null",
        "StrictHostKeyChecking yes",
        "UpdateHostKeys no",
        "BatchMode yes",
        f"ControlPath {place.folder}/cp-%C",
        *(word.replace("=", " ", 1) for word in shlex.split(options) if word != "-o"),
    ]
    configuration = place.folder / "ssh_config"
    configuration.write_text("\n".join(["Host *", *lines]) + "\n")
    addresses = place.folder / "addresses"
    addresses.write_text("".join(f"{address}\n" for address in place.lab.addresses.values()))
    values = {
        "PAYLOAD_SIZE": str(place.payload.size),
        "PAYLOAD_SHA256": place.payload.sha256,
        "SESSION": (place.payload.folder / "session.json").read_text().strip(),
    }
    deploy = place.folder / "deploy.sh"
    assignments = "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())
    deploy.write_text(assignments + (BASELINES / "ssh/deploy.sh").read_text())
    stream = place.folder / "stdin"
    stream.write_bytes(place.payload.zipapp.read_bytes() + (place.payload.folder / "status.request").read_bytes())
    argv = [BASELINES / "ssh/all.sh", addresses, configuration]
    return [
        _step(place, "deploy", [*argv, deploy, stream]),
        _step(place, "release", [*argv, BASELINES / "ssh/remove.sh", "/dev/null"]),
    ]


CASES: tuple[Case, ...] = (
    Case(OURS, "`guestwright run`", _guestwright),
    Case(
        f"{OURS}-curve25519",
        "the same with the key exchange curve25519-sha256",
        lambda place: _guestwright(place, CURVE25519),
    ),
    Case("ssh", "plain ssh, 16 at a time, its own defaults", _ssh),
    Case("ssh-same-options", "the same with guestwright's ssh options", lambda place: _ssh(place, OUR_SSH_ARGUMENTS)),
    Case(
        "ssh-same-options-curve25519",
        "the same with the key exchange curve25519-sha256",
        lambda place: _ssh(place, f"{OUR_SSH_ARGUMENTS} {CURVE25519}"),
    ),
    Case("pyinfra", "pyinfra, 50 at a time", _pyinfra),
    Case("role-mitogen", "the role under Mitogen, 50 forks", _mitogen, slow=True),
    Case(
        "role-tuned",
        "the role, 50 forks, pipelining, no facts",
        lambda place: _role(place, "tuned", "tuned"),
        slow=True,
        most_guests=50,
    ),
    Case(
        "role-defaults",
        "the role, nothing set in ansible.cfg",
        lambda place: _role(place, "defaults", "defaults"),
        slow=True,
        most_guests=50,
    ),
)
