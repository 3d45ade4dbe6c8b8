"""The collection's actions on real guests, run by plain ansible-playbook."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.lab

PLAYBOOK = str(Path(__file__).parents[2] / ".venv/bin/ansible-playbook")
SETTINGS = {
    "job": "test",
    "guest_processing": {
        "application_processing": "require_success",
        "freeze_timeout": 120,
        "applications": {"filesystems": ["/srv"]},
    },
}
IGNORING = {
    "job": "test",
    "guest_processing": SETTINGS["guest_processing"] | {"application_processing": "ignore_failures"},
}
_RESULT = re.compile(r'^\s*"msg": "RESULT ')
_MINUTE = 60


class Play:
    """Runs the collection's actions on the guests of a lab and reads what they return."""

    def __init__(self, lab: Any, folder: Path) -> None:
        self.lab = lab
        self._folder = folder

    def command(self, tasks: list[dict[str, Any]], *options: str, hosts: str = "linux-001") -> tuple[str, ...]:
        """Write a playbook whose tasks register their results, and return the command that runs it."""
        steps: list[dict[str, Any]] = []
        for task in tasks:
            steps.append({"name": "Act", "register": "outcome", "ignore_errors": True, **task})
            steps.append({"name": "Tell", "ansible.builtin.debug": {"msg": "RESULT {{ outcome | to_json }}"}})
        play = [{"name": "Test", "hosts": hosts, "gather_facts": False, "tasks": steps}]
        path = self._folder / f"play-{len(list(self._folder.glob('play-*')))}.yml"
        path.write_text(yaml.safe_dump(play, sort_keys=False))
        return (PLAYBOOK, "-i", str(self.lab.inventory), str(path), *options)

    def __call__(self, tasks: list[dict[str, Any]], *options: str, hosts: str = "linux-001") -> list[dict[str, Any]]:
        """Run tasks and return their results, in the order in which Ansible told them."""
        output = self.lab.exec(*self.command(tasks, *options, hosts=hosts), check=False, timeout=2 * _MINUTE).stdout
        lines = [line for line in output.splitlines() if _RESULT.match(line)]
        results = [json.loads("{" + line + "}")["msg"].removeprefix("RESULT ") for line in lines]
        assert results, output
        return [json.loads(result) for result in results]

    def one(self, task: dict[str, Any], *options: str) -> dict[str, Any]:
        """Run one task on one guest and return its result."""
        (result,) = self([task], *options)
        return result


def action(name: str, settings: dict[str, Any] = SETTINGS, **options: Any) -> dict[str, Any]:
    return {f"guestwright.components.{name}": {"session": "it", "settings": settings, **options}}


def snapshot(*command: str, timeout: int = 30) -> dict[str, Any]:
    return {"command": list(command), "timeout": timeout}


@pytest.fixture
def play(lab: Callable[..., Any], tmp_path: Path) -> Iterator[Play]:
    """The guests of a lab that root logs in to, without anything of ours after the test."""
    play = Play(lab(linux=2), tmp_path)
    yield play
    for guest in play.lab.guests:
        play.lab.fault(guest, "up")
    results = play([action("release", IGNORING)], hosts="all")
    assert [result["guestwright"]["leftovers"] for result in results] == [[], []]


def test_prepare_and_release_are_predicted_and_idempotent(play: Play) -> None:
    predicted = play.one(action("prepare"), "--check", "--diff")
    first, second = play([action("prepare"), action("prepare")])
    assert predicted["changed"]
    assert first["changed"]
    assert not second["changed"]
    assert predicted["guestwright"]["changes"] == first["guestwright"]["changes"]
    assert predicted["diff"]["after"] == "/run/guestwright/it/guestwright.pyz\n"
    assert first["guestwright"]["method"] == "runtime"
    assert first["guestwright"]["route"] == "admin"
    assert [step["answer"] for step in first["guestwright"]["trace"]] == ["yes", "no"]
    again = play.one(action("prepare"), "--check")
    assert not again["changed"]
    predicted = play.one(action("release"), "--check")
    first, second = play([action("release"), action("release")])
    assert [predicted["changed"], first["changed"], second["changed"]] == [True, True, False]
    assert first["guestwright"]["outcome"] == second["guestwright"]["outcome"] == "released"


def test_a_check_run_writes_nothing_on_the_guest(play: Play) -> None:
    play([action("prepare"), action("session", snapshot=snapshot("false")), action("release")], "--check")
    assert play.lab.in_guest("linux-001", "ls", "/run/guestwright", check=False).returncode != 0


def test_a_session_freezes_around_the_snapshot(play: Play, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    take = ("python3", "-c", f"import os; open({str(seen)!r}, 'w').write(os.environ['GUESTWRIGHT_CONSISTENCY'])")
    _prepared, session = play([action("prepare"), action("session", snapshot=snapshot(*take), backup=snapshot("true"))])
    document = session["guestwright"]
    assert document["outcome"] == "done"
    assert document["consistency"] == "application"
    assert document["freeze"]["file_systems"] == ["/srv"]
    assert document["freeze"]["held"]
    assert seen.read_text() == "application"


def test_a_failed_snapshot_thaws_and_makes_no_backup(play: Play, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    options = {"snapshot": snapshot("sh", "-c", "echo full >&2; exit 3"), "backup": snapshot("touch", str(backup))}
    _prepared, session = play([action("prepare"), action("session", **options)])
    assert session["failed"]
    assert session["guestwright"]["error"]["code"] == "snapshot_failed"
    assert session["guestwright"]["error"]["message"].endswith("full")
    assert session["guestwright"]["freeze"]["held"]
    assert not backup.exists()
    assert _writable(play)


def test_a_group_is_one_action_over_all_guests(play: Play, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    take = ("python3", "-c", f"import os; open({str(seen)!r}, 'w').write(os.environ['GUESTWRIGHT_GUESTS'])")
    play([action("prepare")], hosts="all")
    task = action("session", guests=["linux-002", "linux-001"], snapshot=snapshot(*take)) | {"run_once": True}
    session = play([task], hosts="all")[0]
    guests = session["guestwright"]["guests"]
    assert list(guests) == ["linux-002", "linux-001"]
    assert {document["consistency"] for document in guests.values()} == {"application"}
    assert guests["linux-002"]["freeze"]["seconds"] > guests["linux-001"]["freeze"]["seconds"]
    assert seen.read_text() == "linux-002 linux-001"


def test_a_tombstone_stops_a_late_prepare(play: Play, tmp_path: Path) -> None:
    tombstone = tmp_path / "tombstone"
    tombstone.touch()
    result = play.one(action("prepare", tombstone=str(tombstone)))
    assert result["guestwright"]["error"]["code"] == "run_ended"
    assert play.lab.in_guest("linux-001", "ls", "/run/guestwright", check=False).returncode != 0


def test_a_guest_that_is_down_has_no_route_and_is_not_unreachable(play: Play) -> None:
    play.lab.fault("linux-001", "down")
    result = play.one(action("prepare"), "-T", "1")
    assert result["failed"]
    assert not result.get("unreachable")
    assert result["guestwright"]["error"]["code"] == "no_route"
    assert result["guestwright"]["reconnects"] == 1
    assert [step["answer"] for step in result["guestwright"]["trace"]] == ["no", "no", "no"]


@pytest.mark.parametrize("before", [True, False], ids=["before the guest was reached", "after the guest had answered"])
def test_a_broken_link_is_tried_again_and_the_guest_works_once(play: Play, tmp_path: Path, *, before: bool) -> None:
    broken = tmp_path / "broken"
    wrapper = tmp_path / "ssh"
    real = "" if before else 'ssh "$@" >/dev/null\n'
    wrapper.write_text(f'#!/bin/sh\nif [ ! -e {broken} ]; then\ntouch {broken}\n{real}exit 255\nfi\nexec ssh "$@"\n')
    wrapper.chmod(stat.S_IRWXU)
    result = play.one(action("prepare"), "-e", f"ansible_ssh_executable={wrapper}")
    assert broken.exists()
    assert result["guestwright"]["outcome"] == "prepared"
    assert result["guestwright"]["reconnects"] == 1
    assert result["changed"], "the stored result of the one and only run is returned"


def test_a_terminated_run_thaws_first(play: Play, tmp_path: Path) -> None:
    started = tmp_path / "started"
    play.one(action("prepare"))
    task = action("session", snapshot=snapshot("sh", "-c", f"touch {started}; exec sleep 300", timeout=300))
    process = play.lab.popen(*play.command([task]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait_for(started.exists)
    assert not _writable(play, seconds=1)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=_MINUTE)
    _wait_for(lambda: _writable(play))


def test_orphans_are_listed_and_removed(play: Play) -> None:
    sweep = {"guestwright.components.orphans": {"all_owners": True}}
    remove = {"guestwright.components.orphans": {"all_owners": True, "remove": True}}
    live = {"guestwright.components.orphans": {"all_owners": True, "live": ["it"]}}
    _prepared, listed, kept, removed, after = play([action("prepare"), sweep, live, remove, sweep])
    assert [session["session"] for session in listed["guestwright"]["sessions"]] == ["it"]
    assert listed["guestwright"]["outcome"] == "found"
    assert not listed["changed"]
    assert kept["guestwright"]["outcome"] == "clean"
    assert removed["guestwright"]["outcome"] == "removed"
    assert removed["changed"]
    assert after["guestwright"]["outcome"] == "clean"


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (action("prepare") | {"vars": {"guestwright_os": "windows"}}, "no runtime components for Windows"),
        (action("prepare", {"guest_processing": {"use_persistent_guest_agent": True}}), "no transport"),
        (action("prepare", {"guest_processing": {"methods": 1}}), "guest_processing.methods is not known"),
        ({"guestwright.components.prepare": {"session": "Bad Name", "settings": {}}}, "must match"),
        ({"guestwright.components.prepare": {"session": "it"}}, "settings"),
        (action("session", snapshot={"command": "x"}), "timeout"),
        (action("session", snapshot=snapshot("x", timeout=0)), "at least 1 second"),
        (action("session", guests=["nobody"]), "not in the inventory"),
        ({"guestwright.components.orphans": {}}, "whose sessions"),
    ],
)
def test_what_cannot_be_done_is_refused_clearly(play: Play, task: dict[str, Any], words: str) -> None:
    result = play.one(task)
    assert result["failed"]
    assert words in result["msg"]


@pytest.mark.parametrize("login", ["operator", "clerk"])
def test_sudo_with_and_without_a_password(lab: Callable[..., Any], tmp_path: Path, login: str) -> None:
    play = Play(lab(linux=1, login=login), tmp_path)
    prepared, session, released = play([action("prepare"), action("session"), action("release")])
    assert prepared["guestwright"]["outcome"] == "prepared"
    assert session["guestwright"]["consistency"] == "application"
    assert released["guestwright"]["outcome"] == "released"


@pytest.mark.parametrize(
    ("login", "variables", "code"),
    [
        ("operator", {"ansible_become": False}, "not_root"),
        ("operator", {"ansible_become_user": "nobody"}, "not_root"),
        ("operator", {"ansible_become_method": "su"}, "become_refused"),
        ("clerk", {"ansible_become_password": "wrong"}, "become_failed"),
        ("clerk", {"ansible_become_password": None}, "become_failed"),
    ],
)
def test_a_login_that_cannot_become_root_is_told_why(
    lab: Callable[..., Any], tmp_path: Path, login: str, variables: dict[str, Any], code: str
) -> None:
    play = Play(lab(linux=1, login=login), tmp_path)
    result = play.one(action("prepare"), "-e", json.dumps(variables))
    assert result["guestwright"]["error"]["code"] == code


def test_a_sudo_that_wants_a_terminal_is_refused(lab: Callable[..., Any], tmp_path: Path) -> None:
    play = Play(lab(linux=1, login="operator"), tmp_path)
    rule = "/etc/sudoers.d/terminal"
    play.lab.in_guest("linux-001", "sh", "-c", f"echo 'Defaults requiretty' > {rule}; chmod 440 {rule}")
    try:
        result = play.one(action("prepare"))
    finally:
        play.lab.in_guest("linux-001", "rm", rule)
    assert result["guestwright"]["error"]["code"] == "tty_required"
    assert "!requiretty" in result["msg"]


def _writable(play: Play, seconds: int = 5) -> bool:
    """Tell whether the guest's file system takes a write within some seconds."""
    command = ("timeout", "--kill-after=1", str(seconds), "sh", "-c", "date > /srv/probe")
    return bool(play.lab.in_guest("linux-001", *command, check=False).returncode == 0)


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _MINUTE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        os.sched_yield()
        time.sleep(0.05)
