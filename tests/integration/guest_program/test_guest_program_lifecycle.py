"""Deploying, repeating, replacing and removing the components; and what happens when it goes wrong on the way."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import socket
import stat
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.guestwright.components.plugins.module_utils.components import processes
from ansible_collections.guestwright.components.plugins.plugin_utils import guest_program
from guest_programs import OWNER, PYTHON, Failed, Guest, command, execute, request, start, until

pytestmark = pytest.mark.lab


def prepare_request(guest: Guest, operation: str | None = None, **arguments: Any) -> dict[str, Any]:
    given = {"required_components": ["guest_helper"], "time_to_live": 60, "owner": OWNER, **arguments}
    return request(guest.session, "prepare", operation, **given)


def test_lays_out_private_files_and_starts_the_helper(guest: Guest) -> None:
    prepared = guest.prepare()
    assert (prepared["deployed"], prepared["changed"]) == (True, True)
    assert prepared["helper"]["started_by"] == "fork"
    assert stat.S_IMODE(os.stat(guest.folder).st_mode) == 0o700
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in os.scandir(guest.folder)} == {0o600}
    status = guest.ask("status")
    assert (status["state"], status["pid"], status["owner"]) == ("idle", prepared["helper"]["pid"], OWNER)
    assert 50 < status["time_to_live_left"] <= 60


def test_a_repeat_changes_nothing_and_a_dead_helper_is_replaced(guest: Guest) -> None:
    first = guest.prepare()
    second = guest.prepare()
    assert (second["changed"], second["helper"]["pid"]) == (False, first["helper"]["pid"])
    guest.kill("helper")
    third = guest.prepare()
    assert third["changed"] is True
    assert third["helper"]["pid"] != first["helper"]["pid"]


def test_the_same_operation_gets_the_stored_result(guest: Guest) -> None:
    first = guest.prepare(operation="prepare-once")
    assert guest.prepare(operation="prepare-once") == first


def test_concurrent_prepares_start_one_helper(guest: Guest) -> None:
    results: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: results.append(guest.prepare())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result["changed"] for result in results].count(True) == 1
    assert len({result["helper"]["pid"] for result in results}) == 1


def test_other_bytes_replace_the_helper(guest: Guest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ansible_collections.guestwright.components.plugins.plugin_utils import bundle

    first = guest.prepare()
    folder = tmp_path / "components"
    shutil.copytree(bundle.source_directory(), folder)
    (folder / "padding.bin").write_bytes(os.urandom(6 << 20))
    padded = bundle.build(folder)
    monkeypatch.setattr(bundle, "zipapp", lambda: padded)
    second = guest.prepare()
    assert (second["changed"], second["helper"]["pid"] != first["helper"]["pid"]) == (True, True)
    assert Path(guest.folder, "guestwright.pyz").read_bytes() == padded


def test_a_registered_component_needs_no_deployment(guest: Guest) -> None:
    registry = Path("/var/lib/guestwright/components.json")
    registry.parent.mkdir(mode=0o700)
    try:
        registry.write_text(json.dumps({"components": {"guest_helper": {"version": "1.0"}}}))
        prepared = guest.prepare()
        assert (prepared["installed"], prepared["deployed"], prepared["changed"]) == (["guest_helper"], False, False)
        assert not os.path.lexists(guest.folder)
        both = guest.ask("prepare", required_components=["guest_helper", "log_shipping"], owner=OWNER)
        assert both["deployed"] is True
        registry.write_text("{")
        with pytest.raises(Failed) as failed:
            guest.prepare()
        assert failed.value.code == "registry_damaged"
    finally:
        shutil.rmtree(registry.parent)


def test_probe_writes_nothing(guest: Guest) -> None:
    probed = guest.ask("probe", required_components=["guest_helper"], owner=OWNER, file_systems=["/"])
    assert probed["present"] is False
    assert probed["refused"][0]["code"] == "freeze_refused"
    assert not os.path.lexists(guest.folder)
    guest.prepare()
    assert guest.ask("probe", file_systems=[])["present"] is True


def test_removes_itself_when_its_time_ends(guest: Guest) -> None:
    guest.prepare(time_to_live=1)
    until(guest.is_gone, 5)


def test_each_contact_renews_the_time(guest: Guest) -> None:
    guest.prepare(time_to_live=3)
    until(lambda: _left(guest) < 2.0, 5)
    assert guest.ask("status")["time_to_live_left"] > 2.8


def _left(guest: Guest) -> float:
    """Return what is left, without a contact: told by the age of the helper."""
    pid = guest.pid("helper")
    started = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return 3.0 - (float(Path("/proc/uptime").read_text().split()[0]) - started)


def test_nothing_stays_where_nobody_reads_the_answer(guest: Guest) -> None:
    process = start(command(prepare_request(guest)))
    assert process.stdout is not None
    process.stdout.close()
    process.communicate()
    assert guest.is_gone()
    assert not os.path.exists("/run/guestwright") or os.listdir("/run/guestwright")


def test_a_repeat_is_kept_where_nobody_reads_the_answer(guest: Guest) -> None:
    pid = guest.prepare()["helper"]["pid"]
    process = start(command(prepare_request(guest)))
    assert process.stdout is not None
    process.stdout.close()
    process.communicate()
    assert guest.ask("status")["pid"] == pid


@pytest.mark.parametrize(
    "spoil",
    [
        lambda stdin: stdin[:-1],
        lambda stdin: stdin[:-1] + bytes([stdin[-1] ^ 1]),
        lambda stdin: stdin.replace(b'"protocol":1', b'"protocol":2', 1),
        lambda stdin: b"GUESTWRIGHT1 99999999999 99999999999 x y\n" + stdin,
        lambda stdin: b"noise\n" + stdin,
        lambda stdin: b"",
    ],
    ids=["truncated", "flipped", "request_changed", "too_large", "noise", "empty"],
)
def test_a_damaged_payload_does_nothing(guest: Guest, spoil: Any) -> None:
    given = command(prepare_request(guest))
    done = execute(dataclasses.replace(given, stdin=spoil(given.stdin)))
    assert done.returncode == 98
    assert done.stderr.decode().count("\n") == 1
    assert guest.is_gone()


def test_not_deployed_is_96(guest: Guest) -> None:
    assert execute(command(request(guest.session, "status"))).returncode == 96


def test_another_user_is_told_to_become_root(guest: Guest) -> None:
    guest.prepare()
    for verb in ("probe", "status"):
        done = execute(command(request(guest.session, verb)), user=65534, group=65534, extra_groups=[])
        answer = guest_program.parse(done.stdout.decode())
        assert (done.returncode, answer["error"]["code"]) == (0, "not_root")
        assert "become" in answer["error"]["message"]


def test_no_word_of_ours_hides_in_noise(guest: Guest) -> None:
    given = command(request(guest.session, "probe"))
    noisy = dataclasses.replace(
        given, command=f"printf 'Welcome to GUESTWRIGHT-ANSWER {{}} no newline'; {given.command}; echo bye"
    )
    done = execute(noisy)
    assert guest_program.parse(done.stdout.decode())["ok"] is True


def test_modules_in_the_working_folder_are_not_loaded(guest: Guest, tmp_path: Path) -> None:
    for name in ("hashlib", "json", "re", "os"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'loaded')!r}, 'w')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    assert execute(command(prepare_request(guest)), cwd=tmp_path, env=environment).returncode == 0
    assert not (tmp_path / "loaded").exists()


@pytest.mark.parametrize("plant", ["symlink", "foreign_owner", "writable", "file"])
def test_a_planted_folder_is_refused_and_removed(guest: Guest, tmp_path: Path, plant: str) -> None:
    os.makedirs("/run/guestwright", mode=0o700, exist_ok=True)
    target = tmp_path / "target"
    target.mkdir()
    (target / "precious").write_text("stays")
    if plant == "symlink":
        os.symlink(target, guest.folder)
    elif plant == "file":
        Path(guest.folder).write_text("")
    else:
        os.mkdir(guest.folder)
        if plant == "foreign_owner":
            os.chown(guest.folder, 65534, 65534)
        else:
            os.chmod(guest.folder, 0o777)
    with pytest.raises(Failed) as failed:
        guest.prepare()
    assert failed.value.code == "unsafe_directory"
    assert guest.ask("release")["changed"] is True
    assert guest.is_gone()
    assert (target / "precious").read_text() == "stays"


@pytest.mark.parametrize(
    "state", ["nothing", "empty_folder", "half_deployed", "live", "dead_helper", "stopped_helper", "frozen_in_time"]
)
def test_release_from_every_state(guest: Guest, state: str) -> None:
    if state in ("empty_folder", "half_deployed"):
        os.makedirs(guest.folder, mode=0o700)
        os.chmod("/run/guestwright", 0o700)
    if state == "half_deployed":
        Path(guest.folder, "guestwright.pyz.tmp").write_bytes(b"half")
    if state in ("live", "dead_helper", "stopped_helper", "frozen_in_time"):
        guest.prepare()
    if state == "dead_helper":
        guest.kill("helper")
    if state == "stopped_helper":
        os.kill(guest.pid("helper") or 0, 19)
    if state == "frozen_in_time":
        guest.ask("freeze", file_systems=[], freeze_timeout=30)
    released = guest.ask("release")
    assert released["changed"] is (state != "nothing")
    assert guest.is_gone()
    assert guest.ask("release")["changed"] is False


def test_release_kills_a_bootstrap_that_still_waits(guest: Guest) -> None:
    given = command(prepare_request(guest))
    process = start(dataclasses.replace(given, stdin=given.stdin[:1000]))
    until(lambda: any(found.verb == "prepare" for found in processes.find(guest.session)))
    guest.ask("release")
    assert process.stdin is not None
    process.kill()
    process.communicate()
    assert guest.is_gone()


def test_a_hangup_does_not_stop_it_halfway(guest: Guest) -> None:
    process = start(command(prepare_request(guest)))
    until(lambda: os.path.lexists(guest.folder) or process.poll() is not None)
    for found in processes.find(guest.session):
        if found.verb == "prepare" and found.pid != process.pid:
            os.kill(found.pid, 1)
    output, _ = process.communicate(timeout=20)
    assert guest_program.parse(output.decode())["ok"] is True


def test_slow_and_garbage_peers_do_not_block(guest: Guest) -> None:
    guest.prepare()
    peers = []
    for content in (b"", b"{", b"garbage\n", b"\xff\n", b"[" * 100000 + b"\n"):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(f"{guest.folder}/helper.sock")
        peer.sendall(content)
        peers.append(peer)
    large = socket.socket(socket.AF_UNIX)
    large.connect(f"{guest.folder}/helper.sock")
    with pytest.raises(OSError):  # noqa: PT011 (broken pipe or reset, as it comes)
        large.sendall(b"x" * (3 << 20))
    assert guest.ask("status")["state"] == "idle"
    for peer in [*peers, large]:
        peer.close()


OLD = {
    "2.7": os.path.expanduser("~/.pyenv/versions/2.7.18/bin/python2.7"),
    "3.6": os.path.expanduser("~/.pyenv/versions/3.6.15/bin/python3.6"),
}


@pytest.mark.parametrize("version", sorted(OLD))
def test_an_old_python_passes_to_the_next(guest: Guest, version: str, tmp_path: Path) -> None:
    old = _old_python(version, tmp_path)
    prepared = Guest(guest.session, old).prepare()
    assert tuple(map(int, prepared["python"]["version"].split(".")[:2])) >= (3, 8)
    assert Guest(guest.session, old).ask("status")["state"] == "idle"


def _old_python(version: str, folder: Path) -> str:
    """Return a real old interpreter, or where this machine has none, a command that answers as one does."""
    if os.path.exists(OLD[version]):
        return OLD[version]
    path = folder / "old-python"
    path.write_text(f'#!/bin/sh\n[ "$1" = -V ] && echo "Python {version}.0" && exit 0\nexit 97\n')
    path.chmod(0o755)
    return str(path)


def test_no_python_is_97_and_names_what_was_found(guest: Guest, tmp_path: Path) -> None:
    for name in ("sh", "id", "echo"):
        os.symlink(shutil.which(name) or "", tmp_path / name)
    given = command(prepare_request(guest), _old_python("2.7", tmp_path))
    done = execute(given, env={"PATH": str(tmp_path)})
    assert done.returncode == 97
    assert "is Python 2.7" in done.stderr.decode()
    assert done.stderr.decode().count("\n") == 1


def test_no_value_can_do_anything_in_a_shell(guest: Guest, tmp_path: Path) -> None:
    evil = f"$(touch {tmp_path}/pwned)`touch {tmp_path}/pwned`'\";touch {tmp_path}/pwned\n"
    for session, operation in ((evil, "op"), (guest.session, evil), ("../x", "op"), ("", "op")):
        with pytest.raises(ValueError, match="it must match"):
            guest_program.carried(request(session, "probe", operation))
    done = execute(command(request(guest.session, "probe", file_systems=[evil]), PYTHON))
    assert guest_program.parse(done.stdout.decode())["result"]["refused"]
    execute(command(request(guest.session, "probe"), evil))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_posix_shells_read_the_command(guest: Guest, shell: str) -> None:
    given = command(request(guest.session, "probe"))
    done = subprocess.run([shell, "-c", given.command], input=given.stdin, capture_output=True, check=True)
    assert guest_program.parse(done.stdout.decode())["ok"] is True
