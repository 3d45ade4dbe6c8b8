"""Scripts on the guest: whose they may be, and that each runs exactly as often as it must."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from guest_programs import Failed, Guest, is_frozen, until

pytestmark = pytest.mark.lab
Make = Callable[..., str]


def settings(mode: str = "require_success", timeout: float = 10, **phases: str) -> dict[str, object]:
    return {"mode": mode, "timeout": timeout, **{phase: [[path, "an argument"]] for phase, path in phases.items()}}


def test_both_phases_run_once_with_a_clean_environment(guest: Guest, mounts: list[str], script: Make) -> None:
    log = Path(script("log")).with_name("out")
    note = script("note", f'echo "$GUESTWRIGHT_PHASE $GUESTWRIGHT_SESSION $1 $PWD" | tee -a {log}', "env | wc -l")
    guest.prepare()
    frozen = guest.ask("freeze", file_systems=mounts, scripts=settings(pre_freeze=note, post_thaw=note))
    assert frozen["scripts"][0]["output"].startswith(f"pre_freeze {guest.session} an argument /\n")
    assert int(frozen["scripts"][0]["output"].splitlines()[1]) <= 8
    thawed = guest.ask("thaw")
    assert [done["outcome"] for done in thawed["scripts"]] == ["ok"]
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["pre_freeze", "post_thaw"]


def test_post_thaw_runs_at_expiry_and_only_then(guest: Guest, mounts: list[str], script: Make) -> None:
    count = Path(script("x")).with_name("count")
    note = script("note", f"echo once >> {count}")
    guest.prepare()
    guest.ask("freeze", file_systems=mounts, freeze_timeout=1, scripts=settings(post_thaw=note))
    until(count.exists, 5)
    thawed = guest.ask("thaw")
    assert (thawed["ended_by"], len(thawed["scripts"])) == ("deadline", 1)
    guest.ask("thaw")
    guest.ask("release")
    assert count.read_text() == "once\n"


def test_post_thaw_runs_once_after_both_processes_were_killed(guest: Guest, mounts: list[str], script: Make) -> None:
    count = Path(script("x")).with_name("count")
    note = script("note", f"echo once >> {count}")
    guest.prepare()
    guest.ask("freeze", file_systems=mounts, freeze_timeout=30, scripts=settings(post_thaw=note))
    guest.kill("helper")
    until(lambda: not any(map(is_frozen, mounts)), 3)
    guest.ask("release")
    guest.ask("release")
    assert count.read_text() == "once\n"


def test_a_required_script_that_fails_prevents_the_freeze(guest: Guest, mounts: list[str], script: Make) -> None:
    count = Path(script("x")).with_name("count")
    guest.prepare()
    with pytest.raises(Failed) as failed:
        guest.ask(
            "freeze",
            file_systems=mounts,
            scripts=settings(
                pre_freeze=script("bad", "echo sorry; exit 7"), post_thaw=script("undo", f"echo >> {count}")
            ),
        )
    assert failed.value.code == "script_failed"
    assert failed.value.details["scripts"][0]["exit_code"] == 7
    assert failed.value.details["scripts"][0]["output"] == "sorry\n"
    assert count.read_text() == "\n"
    assert not any(map(is_frozen, mounts))
    assert guest.ask("status")["state"] == "idle"


def test_a_failure_that_is_ignored_is_a_warning(guest: Guest, mounts: list[str], script: Make) -> None:
    guest.prepare()
    bad = script("bad", "exit 7")
    frozen = guest.ask(
        "freeze", file_systems=mounts, scripts=settings("ignore_failures", pre_freeze=bad, post_thaw=bad)
    )
    assert "exit code 7" in frozen["warnings"][0]
    thawed = guest.ask("thaw")
    assert thawed["held"] is True
    assert "exit code 7" in thawed["warnings"][0]


def test_a_required_post_thaw_that_fails_is_told_after_the_thaw(guest: Guest, mounts: list[str], script: Make) -> None:
    guest.prepare()
    guest.ask("freeze", file_systems=mounts, scripts=settings(post_thaw=script("bad", "exit 7")))
    with pytest.raises(Failed) as failed:
        guest.ask("thaw")
    assert (failed.value.code, failed.value.details["held"]) == ("script_failed", True)
    assert not any(map(is_frozen, mounts))


def test_disabled_scripts_do_not_run(guest: Guest, mounts: list[str], script: Make) -> None:
    count = Path(script("x")).with_name("count")
    note = script("note", f"echo >> {count}")
    guest.prepare()
    guest.ask("freeze", file_systems=mounts, scripts=settings("disabled", pre_freeze=note, post_thaw=note))
    guest.ask("thaw")
    assert not count.exists()


def test_a_timeout_kills_the_whole_group(guest: Guest, script: Make) -> None:
    child = Path(script("x")).with_name("child")
    slow = script("slow", "sleep 100 &", f"echo $! > {child}", "wait")
    guest.prepare()
    with pytest.raises(Failed) as failed:
        guest.ask("freeze", file_systems=[], scripts=settings(timeout=1, pre_freeze=slow))
    assert failed.value.details["scripts"][0]["outcome"] == "timeout"
    until(lambda: not os.path.exists(f"/proc/{int(child.read_text())}"), 3)


def test_output_is_a_bounded_tail(guest: Guest, script: Make) -> None:
    loud = script("loud", "yes | head -c 3000000", "echo the end")
    guest.prepare()
    frozen = guest.ask("freeze", file_systems=[], scripts=settings(pre_freeze=loud))
    output = frozen["scripts"][0]["output"]
    assert len(output) <= 8192
    assert output.endswith("y\nthe end\n")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: os.chmod(path, 0o775), "others than root can write"),
        (lambda path: os.chmod(path, 0o757), "others than root can write"),
        (lambda path: os.chmod(path, 0o644), "not executable"),
        (lambda path: os.chown(path, 65534, 0), "belongs to user id 65534"),
        (lambda path: os.chmod(os.path.dirname(path), 0o1777), "can write to the folder"),
        (lambda path: os.chown(os.path.dirname(path), 65534, 0), "belongs to user id 65534"),
        (lambda path: (os.unlink(path), os.mkdir(path)), "not a regular file"),
        (os.unlink, "No such file"),
    ],
)
def test_a_script_that_others_could_write_is_refused(
    guest: Guest, script: Make, spoil: Callable[[str], object], reason: str
) -> None:
    path = script("suspect")
    spoil(path)
    guest.prepare()
    with pytest.raises(Failed) as failed:
        guest.ask("freeze", file_systems=[], scripts=settings(pre_freeze=path))
    assert reason in failed.value.message
    assert failed.value.details["scripts"][0]["outcome"] == "refused"


def test_two_of_one_operation_run_once(guest: Guest, mounts: list[str], script: Make) -> None:
    count = Path(script("x")).with_name("count")
    note = script("note", f"echo once >> {count}", "sleep 0.5")
    guest.prepare()
    results: list[dict[str, object]] = []

    def freeze() -> None:
        results.append(guest.ask("freeze", "the-one", file_systems=mounts, scripts=settings(pre_freeze=note)))

    threads = [threading.Thread(target=freeze) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1]
    assert guest.ask("freeze", "the-one", file_systems=mounts, scripts=settings(pre_freeze=note)) == results[0]
    assert count.read_text() == "once\n"
    with pytest.raises(Failed) as failed:
        guest.ask("freeze", "the-one", file_systems=[])
    assert failed.value.code == "operation_conflict"


def test_a_thaw_gives_up_a_freeze_that_is_under_way(guest: Guest, mounts: list[str], script: Make) -> None:
    running = Path(script("x")).with_name("running")
    slow = script("slow", f"touch {running}", "sleep 30")
    guest.prepare()
    errors: list[Failed] = []

    def freeze() -> None:
        try:
            guest.ask("freeze", file_systems=mounts, scripts=settings(pre_freeze=slow))
        except Failed as failed:
            errors.append(failed)

    thread = threading.Thread(target=freeze)
    thread.start()
    until(running.exists)
    assert guest.ask("thaw")["held"] is False
    thread.join(5)
    assert errors[0].code == "cancelled"
    assert guest.ask("status")["state"] == "idle"
