"""The lab, for real: its guests, its network, its faults, and that nothing of it is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from guestwright.lab import tree
from guestwright.lab.processes import wait_until

pytestmark = pytest.mark.lab

LAB = (sys.executable, "-m", "guestwright.cli.lab", "lab")
CONNECT_SECONDS = """
import socket, sys, time
start = time.monotonic()
socket.create_connection((sys.argv[1], 22), timeout=float(sys.argv[2])).recv(1)
print(time.monotonic() - start)
"""


def run(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run((*LAB, *words), capture_output=True, text=True, timeout=120, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done


def group_vars(lab: Any) -> dict[str, Any]:
    return yaml.safe_load(lab.inventory.read_text())["all"]["children"]["linux"]["vars"]


def address(lab: Any, guest: str) -> str:
    return yaml.safe_load(lab.inventory.read_text())["all"]["children"]["linux"]["hosts"][guest]["ansible_host"]


def ssh(lab: Any, guest: str, *command: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    variables = group_vars(lab)
    key, common = variables["ansible_ssh_private_key_file"], variables["ansible_ssh_common_args"].split()
    target = f"{variables['ansible_user']}@{address(lab, guest)}"
    words = ["ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", *options, *common]
    return lab.exec(*words, "-i", key, target, "--", *command, check=False)


def connect_seconds(lab: Any, guest: str, patience: float = 10) -> float | None:
    done = lab.exec(sys.executable, "-c", CONNECT_SECONDS, address(lab, guest), str(patience), check=False)
    return float(done.stdout) if done.returncode == 0 else None


def traces() -> dict[str, Any]:
    """What a lab could leave on this machine."""
    listed = subprocess.run(
        ["losetup", "--list", "--noheadings", "--output", "BACK-FILE"], check=True, capture_output=True, text=True
    )
    return {
        "loops": [line for line in listed.stdout.splitlines() if "guestwright-lab" in line],
        "mounts": [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "guestwright-lab" in line],
        "named": subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout,
    }


def own(name: str) -> dict[str, Any]:
    """What is there of one lab."""
    groups = [path for path in Path("/sys/fs/cgroup").glob("**/guestwright-lab/*") if path.name == name]
    return {
        "state": [
            path
            for path in (Path("/run/guestwright-lab") / name, Path("/var/tmp/guestwright-lab") / name)
            if path.exists()
        ],
        "groups": groups,
        "loops": [line for line in traces()["loops"] if f"/{name}/" in line],
        "mounts": [line for line in traces()["mounts"] if f"/{name}/" in line],
    }


def state_of(number: int | str) -> str:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def ended(number: int) -> bool:
    return state_of(number) in "ZX"


def processes(status: dict[str, Any]) -> list[int]:
    return [guest["process"] for guest in status["guests"].values()]


@pytest.fixture
def fresh_name() -> Any:
    name = f"t-own-{os.getpid()}"
    yield name
    run("down", "--name", name, check=False)


def test_inventory_is_all_that_up_prints(fresh_name: str) -> None:
    done = run("up", "--linux", "1", "--name", fresh_name)
    assert done.stdout == f"/run/guestwright-lab/{fresh_name}/inventory.yml\n"
    assert Path(done.stdout.strip()).stat().st_mode & 0o777 == 0o600


def test_ten_guests_answer_when_up_returns(fresh_name: str) -> None:
    run("up", "--linux", "10", "--name", fresh_name)
    guests = json.loads(run("status", "--name", fresh_name, "--format", "json").stdout)["guests"]
    assert [guest["answers"] for guest in guests.values()] == [True] * 10


def test_status_knows_every_guest(lab: Callable[..., Any]) -> None:
    one = lab(linux=3)
    status = json.loads(run("status", "--name", one.name, "--format", "json").stdout)
    assert sorted(status["guests"]) == ["linux-001", "linux-002", "linux-003"]
    assert all(guest["answers"] for guest in status["guests"].values())
    assert len({guest["address"] for guest in status["guests"].values()}) == 3
    assert status["guests_cpu_seconds"] > 0
    assert any("kernel" in limit for limit in status["limits"])


def test_ssh_reaches_a_guest_whose_key_is_pinned(lab: Callable[..., Any]) -> None:
    one = lab(linux=3)
    done = ssh(one, "linux-002", "hostname; id -un; cat /proc/1/comm")
    assert done.stdout.split() == ["linux-002", "root", "sshd"], done.stderr


def test_ssh_refuses_a_guest_with_another_key(lab: Callable[..., Any], tmp_path: Path) -> None:
    one = lab(linux=3)
    lines = (one.inventory.parent / "known_hosts").read_text().splitlines()
    first, second = (line.split() for line in lines[:2])
    wrong = tmp_path / "known_hosts"
    wrong.write_text(f"{first[0]} {first[1]} {second[2]}\n")
    done = ssh(one, "linux-001", "true", options=("-o", f"UserKnownHostsFile={wrong}"))
    assert done.returncode == 255
    assert first[2] != second[2]


@pytest.mark.parametrize("login", ["operator", "clerk"])
def test_ansible_becomes_root_from_other_logins(lab: Callable[..., Any], login: str) -> None:
    one = lab(linux=3)
    run("up", "--linux", "3", "--name", one.name, "--file-system", "ext4:64M", "--login", login)
    try:
        program = str(Path(sys.executable).with_name("ansible"))
        words = ("-i", str(one.inventory), "linux-001", "-m", "ansible.builtin.command", "-a")
        as_login = one.exec(program, *words, "id -un", "-e", "ansible_become=false", check=False)
        assert login in as_login.stdout, as_login.stderr + as_login.stdout
        as_root = one.exec(program, *words, "id -un", check=False)
        assert "root" in as_root.stdout.split(), as_root.stderr + as_root.stdout
        if login == "clerk":
            refused = one.exec(program, *words, "id -un", "-e", "ansible_become_password=wrong", check=False)
            assert refused.returncode != 0
            password = (one.inventory.parent / "clerk_password").read_text().strip()
            assert password not in one.inventory.read_text()
    finally:
        run("up", "--linux", "3", "--name", one.name, "--file-system", "ext4:64M", "--login", "root")


def test_guest_sees_only_itself(lab: Callable[..., Any]) -> None:
    one = lab(linux=3)
    names = one.in_guest("linux-001", "ps", "-eo", "comm=").stdout.split()
    assert names[0] == "sshd"
    assert set(names) <= {"sshd", "ps", "sh", "sftp-server"}
    top = set(one.in_guest("linux-001", "ls", "-A", "/").stdout.split())
    assert top <= tree.SYSTEM_FOLDERS
    assert one.in_guest("linux-001", "ls", "-A", "/run", "/tmp", "/opt", "/var/tmp").stdout.count("guestwright") == 0
    found = one.in_guest("linux-001", "find", "/etc", "/run", "/tmp", "/var", "/srv", "-name", "guestwright*").stdout
    assert found == ""
    assert "guestwright" not in one.in_guest("linux-001", "cat", "/proc/self/mountinfo", "/proc/self/cgroup").stdout
    hidden = one.in_guest("linux-001", "ls", "/etc/ssh").stdout.split()
    assert [name for name in hidden if name.startswith("ssh_host")] == ["ssh_host_ed25519_key"]


@pytest.mark.parametrize("kind", ["ext4:64M", "xfs:300M"])
def test_file_system_can_be_frozen_and_thawed(lab: Callable[..., Any], kind: str) -> None:
    one = lab(linux=3) if kind == "ext4:64M" else lab(linux=1, file_system=kind)
    assert one.in_guest("linux-001", "stat", "-f", "-c", "%T", "/srv").stdout.strip() == (
        "ext2/ext3" if kind.startswith("ext4") else "xfs"
    )
    one.in_guest("linux-001", "fsfreeze", "--freeze", "/srv")
    with pytest.raises(subprocess.TimeoutExpired):
        one.in_guest("linux-001", "timeout", "--signal=KILL", "1", "touch", "/srv/file", timeout=2)
    one.in_guest("linux-001", "fsfreeze", "--unfreeze", "/srv")
    one.in_guest("linux-001", "touch", "/srv/other")


def test_exec_passes_exit_code_signal_and_folder(lab: Callable[..., Any], tmp_path: Path) -> None:
    one = lab(linux=3)
    assert one.exec("sh", "-c", "exit 7", check=False).returncode == 7
    assert one.in_guest("linux-001", "sh", "-c", "exit 9", check=False).returncode == 9
    assert one.exec("no-such-program", check=False).returncode == 127
    assert one.exec("sh", "-c", "yes | head -1").stderr == ""
    assert one.exec("pwd", cwd=tmp_path).stdout.strip() == str(tmp_path)
    with one.popen(
        "sh", "-c", "trap 'exit 3' TERM; echo on; while :; do sleep 0.05; done", stdout=subprocess.PIPE
    ) as child:
        assert child.stdout.readline() == "on\n"
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 3


def test_a_command_in_a_guest_ends_with_who_asked_for_it(lab: Callable[..., Any]) -> None:
    one = lab(linux=3)
    command = (*LAB, "exec", "--name", one.name, "--guest", "linux-003", "--", "sleep", "4242")
    with subprocess.Popen(command) as child:
        assert wait_until(lambda: "4242" in one.in_guest("linux-003", "ps", "-eo", "args=").stdout, 10)
        child.kill()
    assert wait_until(lambda: "4242" not in one.in_guest("linux-003", "ps", "-eo", "args=").stdout, 10)


def test_no_way_out_of_the_lab(lab: Callable[..., Any]) -> None:
    one = lab(linux=3)
    for routes in (one.exec("ip", "route"), one.in_guest("linux-001", "ip", "route")):
        assert len(routes.stdout.splitlines()) == 1
        assert "default" not in routes.stdout


def test_faults_break_and_mend_a_link(lab: Callable[..., Any]) -> None:
    one = lab(linux=3)
    whole = connect_seconds(one, "linux-003")
    assert whole is not None
    assert whole < 0.5
    one.fault("linux-003", "down")
    assert connect_seconds(one, "linux-003", patience=1) is None
    one.fault("linux-003", "up")
    assert connect_seconds(one, "linux-003") is not None

    one.fault("linux-003", "delay", 150)
    slow = connect_seconds(one, "linux-003")
    assert slow is not None
    assert 0.29 < slow < 3
    wires = json.loads((one.inventory.parent / "faults/linux-003.json").read_text())["wire"]
    one.fault("linux-003", "loss", 100)
    assert connect_seconds(one, "linux-003", patience=1) is None
    status = json.loads(run("status", "--name", one.name, "--format", "json").stdout)
    assert status["guests"]["linux-003"]["faults"] == {"delay": 150.0, "loss": 100.0}
    assert connect_seconds(one, "linux-001") is not None

    one.fault("linux-003", "up")
    mended = connect_seconds(one, "linux-003")
    assert mended is not None
    assert mended < 0.29
    assert ended(wires[0])


def test_loss_loses_about_its_share(lab: Callable[..., Any]) -> None:
    one = lab(linux=3)
    listen = "import socket\ns=socket.socket(2,2)\ns.bind(('',9))\ns.settimeout(2)\nprint('on',flush=True)\nn=0\n"
    listen += "try:\n while s.recv(9)!=b'end': n+=1\nexcept TimeoutError: pass\nprint(n)"
    send = "import socket,sys\ns=socket.socket(2,2)\nfor _ in range(400): s.sendto(b'x',(sys.argv[1],9))"
    command = (*LAB, "exec", "--name", one.name, "--guest", "linux-002", "--", "python3", "-c", listen)
    one.fault("linux-002", "loss", 30)
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver:
            assert receiver.stdout is not None
            assert receiver.stdout.readline() == "on\n"
            one.exec(sys.executable, "-c", send, address(one, "linux-002"))
            received = int(receiver.stdout.readline())
    finally:
        one.fault("linux-002", "up")
    assert 200 < received < 360


def test_systemd_guest_is_running(lab: Callable[..., Any]) -> None:
    one = lab(linux=1, systemd=True)
    state = one.in_guest("linux-001", "systemctl", "is-system-running", "--wait", check=False)
    assert state.stdout.strip() == "running"
    assert ssh(one, "linux-001", "systemd-run", "--quiet", "--wait", "false").returncode == 1
    assert ssh(one, "linux-001", "cat", "/proc/1/comm").stdout.strip() == "systemd"


def test_down_leaves_nothing_of_a_lab_with_frozen_and_killed_guests(fresh_name: str) -> None:
    before = traces()
    run("up", "--linux", "3", "--name", fresh_name, "--file-system", "ext4:64M")
    status = json.loads(run("status", "--name", fresh_name, "--format", "json").stdout)
    run("fault", "--name", fresh_name, "linux-001", "delay", "20")
    wire = json.loads(Path(f"/run/guestwright-lab/{fresh_name}/faults/linux-001.json").read_text())["wire"][0]
    for guest in ("linux-001", "linux-002"):
        run("exec", "--name", fresh_name, "--guest", guest, "--", "fsfreeze", "--freeze", "/srv")
    stuck = subprocess.Popen((*LAB, "exec", "--name", fresh_name, "--guest", "linux-002", "--", "touch", "/srv/file"))
    children = Path(f"/proc/{stuck.pid}/task/{stuck.pid}/children")
    assert wait_until(lambda: any(state_of(child) == "D" for child in children.read_text().split()), 10)
    os.kill(status["guests"]["linux-002"]["process"], signal.SIGKILL)
    os.kill(status["guests"]["linux-003"]["process"], signal.SIGKILL)
    writer = subprocess.Popen((*LAB, "exec", "--name", fresh_name, "--guest", "linux-001", "--", "touch", "/srv/file"))
    on_server = subprocess.Popen((*LAB, "exec", "--name", fresh_name, "--", "sleep", "600"))
    keepers = json.loads(Path(f"/run/guestwright-lab/{fresh_name}/lab.json").read_text())
    assert own(fresh_name)["loops"]
    run("down", "--name", fresh_name)
    assert not any(own(fresh_name).values()), own(fresh_name)
    assert {key: value for key, value in traces().items() if key == "named"} == {"named": before["named"]}
    writer.wait(10)
    stuck.wait(10)
    assert on_server.wait(10) < 0
    numbers = [*processes(status), wire, keepers["switch"][0], keepers["backup_server"][0]]
    assert [number for number in numbers if not ended(number)] == []
    assert run("status", "--name", fresh_name, check=False).returncode == 64


def test_up_again_adds_and_restarts_guests(fresh_name: str) -> None:
    run("up", "--linux", "2", "--name", fresh_name)
    first = processes(json.loads(run("status", "--name", fresh_name, "--format", "json").stdout))
    os.kill(first[1], signal.SIGKILL)
    assert wait_until(lambda: ended(first[1]), 5)
    run("up", "--linux", "3", "--name", fresh_name)
    status = json.loads(run("status", "--name", fresh_name, "--format", "json").stdout)
    assert processes(status)[0] == first[0]
    assert [guest["answers"] for guest in status["guests"].values()] == [True, True, True]
    assert "already" in run("up", "--linux", "3", "--name", fresh_name).stderr
    contradicting = run("up", "--linux", "3", "--name", fresh_name, "--systemd", check=False)
    assert contradicting.returncode == 64
    assert "--systemd" in contradicting.stderr


def test_up_that_fails_removes_what_it_made(fresh_name: str) -> None:
    with subprocess.Popen(
        (*LAB, "up", "--linux", "20", "--name", fresh_name, "--file-system", "ext4:16M"),
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stderr is not None
        assert "starting" in child.stderr.readline()
        assert wait_until(lambda: bool(own(fresh_name)["loops"]), 10)
        second = run("up", "--linux", "1", "--name", fresh_name, check=False)
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 130
    assert second.returncode == 1
    assert "another command" in second.stderr
    assert not any(own(fresh_name).values()), own(fresh_name)


def test_down_removes_a_lab_whose_start_was_killed(fresh_name: str) -> None:
    with subprocess.Popen(
        (*LAB, "up", "--linux", "20", "--name", fresh_name, "--file-system", "ext4:16M"), stderr=subprocess.DEVNULL
    ) as child:
        assert wait_until(lambda: len(own(fresh_name)["loops"]) > 3, 10)
        child.kill()
    run("down", "--name", fresh_name)
    assert not any(own(fresh_name).values()), own(fresh_name)


def test_labs_have_networks_of_their_own(lab: Callable[..., Any], fresh_name: str) -> None:
    one = lab(linux=3)
    run("up", "--linux", "1", "--name", fresh_name)
    other = json.loads(run("status", "--name", fresh_name, "--format", "json").stdout)
    assert other["guests"]["linux-001"]["address"] != address(one, "linux-001")
    assert other["guests"]["linux-001"]["answers"]
    inside = subprocess.run(
        (*LAB, "exec", "--name", fresh_name, "--", *LAB, "down", "--name", fresh_name),
        capture_output=True,
        text=True,
        check=False,
    )
    assert inside.returncode == 1
    assert "outside" in inside.stderr
