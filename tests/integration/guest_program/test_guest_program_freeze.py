"""Freezing and thawing real file systems, and every way in which a freeze can end."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest
from guest_programs import Failed, Guest, is_frozen, until

pytestmark = pytest.mark.lab


def test_freezes_deepest_first_and_thaws(guest: Guest, mounts: list[str]) -> None:
    guest.prepare()
    frozen = guest.ask("freeze", file_systems=mounts, freeze_timeout=20)
    assert frozen["file_systems"] == sorted(mounts)
    assert [is_frozen(mount) for mount in mounts] == [True, True]
    assert guest.ask("status")["state"] == "frozen"
    thawed = guest.ask("thaw")
    assert (thawed["held"], thawed["ended_by"]) == (True, "request")
    assert 0 < thawed["seconds"] < 20
    assert [is_frozen(mount) for mount in mounts] == [False, False]
    assert guest.ask("status")["state"] == "idle"


def test_a_writer_stops_while_frozen_and_goes_on(guest: Guest, mounts: list[str]) -> None:
    guest.prepare()
    guest.ask("freeze", file_systems=mounts[:1], freeze_timeout=20)
    written = threading.Event()

    def write() -> None:
        with open(f"{mounts[0]}/written", "w") as stream:
            stream.write("x")
        written.set()

    threading.Thread(target=write, daemon=True).start()
    assert not written.wait(0.3)
    guest.ask("thaw")
    assert written.wait(5)


def test_ends_by_itself_at_the_deadline(guest: Guest, mounts: list[str]) -> None:
    guest.prepare()
    guest.ask("freeze", file_systems=mounts, freeze_timeout=1)
    until(lambda: not any(map(is_frozen, mounts)))
    thawed = guest.ask("thaw")
    assert (thawed["held"], thawed["ended_by"]) == (False, "deadline")
    assert thawed["seconds"] > 0.9


@pytest.mark.parametrize(("victim", "ended_by"), [("watchdog", "watchdog_died"), ("helper", None)])
def test_a_killed_process_thaws_at_once(guest: Guest, mounts: list[str], victim: str, ended_by: str | None) -> None:
    guest.prepare()
    guest.ask("freeze", file_systems=mounts, freeze_timeout=30)
    guest.kill(victim)
    until(lambda: not any(map(is_frozen, mounts)), 3)
    if ended_by is None:
        with pytest.raises(Failed) as failed:
            guest.ask("thaw")
        assert failed.value.code == "helper_not_running"
        assert failed.value.details["held"] is False
    else:
        thawed = guest.ask("thaw")
        assert (thawed["held"], thawed["ended_by"]) == (False, ended_by)


def test_a_watchdog_that_hangs_is_replaced_by_the_helper(guest: Guest, mounts: list[str]) -> None:
    guest.prepare()
    guest.ask("freeze", file_systems=mounts, freeze_timeout=1)
    os.kill(guest.pid("watchdog") or 0, 19)
    until(lambda: not any(map(is_frozen, mounts)), 6)
    assert guest.ask("thaw")["ended_by"] == "watchdog_hung"


def test_release_thaws_after_both_were_killed(guest: Guest, mounts: list[str]) -> None:
    guest.prepare()
    guest.ask("freeze", file_systems=mounts, freeze_timeout=30)
    helper, watchdog = guest.pid("helper") or 0, guest.pid("watchdog") or 0
    os.kill(watchdog, 19)
    os.kill(helper, 19)
    os.kill(watchdog, 9)
    os.kill(helper, 9)
    until(lambda: guest.pid("helper") is None and guest.pid("watchdog") is None)
    assert all(map(is_frozen, mounts))
    released = guest.ask("release")
    assert sorted(released["thawed"]) == sorted(mounts)
    assert not any(map(is_frozen, mounts))
    assert guest.is_gone()


def test_a_second_freeze_is_refused_while_one_holds(guest: Guest, mounts: list[str]) -> None:
    guest.prepare()
    guest.ask("freeze", file_systems=mounts, freeze_timeout=20)
    with pytest.raises(Failed) as failed:
        guest.ask("freeze", file_systems=mounts, freeze_timeout=20)
    assert failed.value.code == "busy"
    assert guest.ask("thaw")["held"] is True


def test_someone_elses_freeze_is_left_alone(guest: Guest, mounts: list[str]) -> None:
    from ansible_collections.guestwright.components.plugins.module_utils.components import ioctls

    guest.prepare()
    descriptor = os.open(mounts[1], os.O_RDONLY)
    ioctls.freeze(descriptor)
    os.close(descriptor)
    with pytest.raises(Failed) as failed:
        guest.ask("freeze", file_systems=mounts, freeze_timeout=20)
    assert failed.value.code == "freeze_refused"
    assert "frozen already" in failed.value.message
    assert [is_frozen(mount) for mount in mounts] == [False, True]


def test_someone_else_thaws_meanwhile(guest: Guest, mounts: list[str]) -> None:
    from guest_programs import thaw

    guest.prepare()
    guest.ask("freeze", file_systems=mounts, freeze_timeout=20)
    thaw(mounts[0])
    thawed = guest.ask("thaw")
    assert (thawed["held"], thawed["ended_by"]) == (False, "someone_else")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/", "root file system"),
        ("/proc", "type proc"),
        ("/usr", "not a mount point"),
        ("/nowhere", "not a mount point"),
        ("relative", "not an absolute path"),
    ],
)
def test_refuses_with_the_reason(guest: Guest, mounts: list[str], path: str, reason: str) -> None:
    guest.prepare()
    with pytest.raises(Failed) as failed:
        guest.ask("freeze", file_systems=[mounts[0], path], freeze_timeout=5)
    assert failed.value.code == "freeze_refused"
    assert reason in failed.value.message
    assert not is_frozen(mounts[0])
    assert guest.ask("status")["state"] == "idle"


def test_each_device_once_and_links_followed(guest: Guest, mounts: list[str], script: Callable[..., str]) -> None:
    link = script("link-to-mount")
    os.unlink(link)
    os.symlink(mounts[0], link)
    guest.prepare()
    frozen = guest.ask("freeze", file_systems=[link, mounts[0] + "/"], freeze_timeout=20)
    assert frozen["file_systems"] == [mounts[0]]
    assert guest.ask("thaw")["held"] is True


def test_a_freeze_without_file_systems_still_ends_by_itself(guest: Guest) -> None:
    guest.prepare()
    guest.ask("freeze", file_systems=[], freeze_timeout=1)
    until(lambda: guest.ask("status")["state"] == "idle", 5)
    assert guest.ask("thaw")["ended_by"] == "deadline"


def test_thaw_without_a_freeze_says_so(guest: Guest) -> None:
    guest.prepare()
    thawed = guest.ask("thaw")
    assert (thawed["held"], thawed["ended_by"], thawed["file_systems"]) == (False, "not_frozen", [])


def test_time_to_live_ends_a_freeze_and_everything(guest: Guest, mounts: list[str]) -> None:
    guest.prepare(time_to_live=1)
    guest.ask("freeze", file_systems=mounts, freeze_timeout=30)
    until(guest.is_gone, 6)
    assert not any(map(is_frozen, mounts))
