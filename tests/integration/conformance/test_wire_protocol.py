"""What docs/reference/wire-protocol.md promises, asked of an implementation; it needs no file system to freeze."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.lab


def frame(document: Any) -> bytes:
    return json.dumps(document).encode() + b"\n"


def test_one_request_and_one_answer_on_a_connection(session: Any) -> None:
    received = session.frames(frame(session.request("status", "op-status")))
    assert received.endswith(b"\n")
    assert received.count(b"\n") == 1
    assert received.isascii()
    answer = json.loads(received)
    assert {key: answer[key] for key in ("protocol", "operation", "ok")} == {
        "protocol": 1,
        "operation": "op-status",
        "ok": True,
    }


def test_status_has_every_key(session: Any) -> None:
    status = session.result("status")
    assert {"state", "version", "build", "pid", "time_to_live_left", "owner"} <= set(status)
    assert status["state"] == "idle"
    assert status["owner"] == {"server": "s", "job": "j"}
    assert 0 < status["time_to_live_left"] <= 60


def test_absent_arguments_are_empty_and_unknown_ones_ignored(session: Any) -> None:
    request = session.request("status")
    del request["arguments"]
    assert json.loads(session.frames(frame(request)))["ok"] is True
    assert session.answer("status", something="new")["ok"] is True


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"protocol": 2}, "protocol_mismatch"),
        ({"session": "another"}, "session_mismatch"),
        ({"session": "../up"}, "invalid_request"),
        ({"operation": ""}, "invalid_request"),
        ({"operation": "a b"}, "invalid_request"),
        ({"verb": "shell"}, "unknown_verb"),
        ({"arguments": []}, "invalid_request"),
        ({"verb": "freeze", "arguments": {"file_systems": "/srv"}}, "invalid_request"),
        ({"verb": "freeze", "arguments": {"freeze_timeout": 0}}, "invalid_request"),
        ({"verb": "freeze", "arguments": {"scripts": {"mode": "perhaps"}}}, "invalid_request"),
        ({"verb": "freeze", "arguments": {"scripts": {"pre_freeze": [[]]}}}, "invalid_request"),
        ({"verb": "freeze", "arguments": {"file_systems": ["/"]}}, "freeze_refused"),
        ({"verb": "freeze", "arguments": {"file_systems": ["relative"]}}, "freeze_refused"),
    ],
)
def test_refuses_with_the_code(session: Any, change: dict[str, Any], code: str) -> None:
    answer = json.loads(session.frames(frame({**session.request("status"), **change})))
    assert answer["ok"] is False
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    assert session.result("status")["state"] == "idle"


@pytest.mark.parametrize("content", [b"garbage\n", b"[]\n", b"\xff\xfe\n", b"[" * 50000 + b"\n"])
def test_garbage_is_answered_and_does_no_harm(session: Any, content: bytes) -> None:
    answer = json.loads(session.frames(content))
    assert (answer["ok"], answer["operation"], answer["error"]["code"]) == (False, "unknown", "invalid_request")
    assert session.result("status")["state"] == "idle"


def test_a_frame_that_is_too_long_gets_no_answer(session: Any) -> None:
    assert session.frames(b" " * (2 << 20) + b"\n") == b""
    assert session.result("status")["state"] == "idle"


def test_a_slow_peer_is_cut_off(session: Any) -> None:
    with session.guest.open() as connection:
        connection.sendall(b"{")
        assert session.result("status")["state"] == "idle"
        assert connection.recv(1) == b""


def test_an_operation_is_done_once_and_its_answer_stored(session: Any) -> None:
    first = session.answer("freeze", "op-freeze", file_systems=[], freeze_timeout=30)
    assert first["ok"] is True
    assert session.answer("freeze", "op-freeze", file_systems=[], freeze_timeout=30) == first
    assert session.answer("freeze", "op-freeze", file_systems=[])["error"]["code"] == "operation_conflict"
    assert session.answer("freeze", file_systems=[])["error"]["code"] == "busy"
    thawed = session.answer("thaw", "op-thaw")
    assert (thawed["result"]["held"], thawed["result"]["ended_by"]) == (True, "request")
    assert session.answer("thaw", "op-thaw") == thawed
    assert session.result("thaw")["ended_by"] == "not_frozen"


def test_a_freeze_ends_by_itself(session: Any, until: Callable[..., Any]) -> None:
    session.result("freeze", file_systems=[], freeze_timeout=1)
    assert session.result("status")["state"] == "frozen"
    until(lambda: session.result("status")["state"] == "idle", 6)
    thawed = session.result("thaw")
    assert (thawed["held"], thawed["ended_by"]) == (False, "deadline")
    assert thawed["seconds"] >= 0.99


def test_prepare_and_release_can_be_repeated(session: Any) -> None:
    arguments = {"required_components": ["guest_helper"], "time_to_live": 60, "owner": {"server": "s", "job": "j"}}
    assert session.result("prepare", **arguments)["changed"] is False
    released = session.result("release")
    assert released["changed"] is True
    assert {"changed", "thawed", "leftovers", "warnings"} <= set(released)
    assert session.result("release")["changed"] is False
    assert session.result("prepare", **arguments)["changed"] is True


def test_orphans_lists_a_live_session_and_its_owner(session: Any) -> None:
    listed = session.result("orphans", owner={"server": "s"}, live=[session.name], remove=True, all_owners=False)
    mine = [entry for entry in listed["sessions"] if entry["session"] == session.name]
    assert [(entry["state"], entry["removed"]) for entry in mine] == [("live", False)]
    assert mine[0]["owner"] == {"server": "s", "job": "j"}


def test_release_on_the_socket_ends_the_helper(session: Any, until: Callable[..., Any]) -> None:
    answer = json.loads(session.frames(frame(session.request("release"))))
    assert answer["ok"] is True
    assert answer["result"]["ended_by"] == "not_frozen"

    def refuses() -> bool:
        try:
            session.guest.open().close()
        except OSError:
            return True
        return False

    until(refuses, 5)
