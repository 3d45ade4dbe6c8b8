"""Requests that are refused, and what answers look like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.guestwright.components.plugins.module_utils.components import wire

GOOD = {"protocol": 1, "session": "nightly", "operation": "op-1", "verb": "status", "arguments": {}}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"protocol": 2}, "protocol_mismatch"),
        ({"protocol": None}, "protocol_mismatch"),
        ({"session": "../x"}, "invalid_request"),
        ({"session": "x\n"}, "invalid_request"),
        ({"session": "x" * 64}, "invalid_request"),
        ({"session": 3}, "invalid_request"),
        ({"operation": ""}, "invalid_request"),
        ({"operation": "a b"}, "invalid_request"),
        ({"verb": "shell"}, "unknown_verb"),
        ({"verb": ["status"]}, "unknown_verb"),
        ({"arguments": []}, "invalid_request"),
    ],
)
def test_refuses(change: dict[str, Any], code: str) -> None:
    with pytest.raises(wire.GuestError) as refused:
        wire.decode_request(wire.encode({**GOOD, **change}))
    assert refused.value.code == code


@pytest.mark.parametrize("frame", [b"", b"{", b"[]", b"\xff", b"[" * 100000])
def test_refuses_what_is_no_object(frame: bytes) -> None:
    with pytest.raises(wire.GuestError) as refused:
        wire.decode_request(frame)
    assert refused.value.code == "invalid_request"


def test_reads_a_good_request_and_fills_in_arguments() -> None:
    without = {key: value for key, value in GOOD.items() if key != "arguments"}
    assert wire.decode_request(wire.encode(without)) == GOOD


def test_a_frame_is_one_ascii_line() -> None:
    frame = wire.encode({"text": "ü\n\u2028"})
    assert frame.count(b"\n") == 1
    assert frame.isascii()


def test_answers() -> None:
    assert wire.success("a", {"b": 1}) == {"protocol": 1, "operation": "a", "ok": True, "result": {"b": 1}}
    failed = wire.failure("a", wire.GuestError("code", "text", {"c": 2}))
    assert failed["error"] == {"code": "code", "message": "text", "details": {"c": 2}}
    assert "details" not in wire.failure("a", wire.GuestError("code", "text"))["error"]
    json.dumps(failed)


@pytest.mark.parametrize("value", [0, -1, True, "5", None, 1e9, float("nan")])
def test_refuses_durations(value: Any) -> None:
    with pytest.raises(wire.GuestError):
        wire.seconds({"key": value}, "key", 1)


@pytest.mark.parametrize("value", ["x", [[]], ["x"], [[1]], [["a\0b"]], {"a": 1}])
def test_refuses_commands(value: Any) -> None:
    with pytest.raises(wire.GuestError):
        wire.commands({"key": value}, "key")
