"""What arrives on standard input is taken whole or not at all."""

from __future__ import annotations

import io

import pytest
from ansible_collections.guestwright.components.plugins.module_utils.components import intake
from ansible_collections.guestwright.components.plugins.plugin_utils import guest_program

REQUEST = {"protocol": 1, "session": "nightly", "operation": "op-1", "verb": "status", "arguments": {}}
STDIN = guest_program.deployed(REQUEST).stdin


def test_reads_what_the_controller_sends() -> None:
    parts = intake.read(io.BytesIO(STDIN))
    assert parts is not None
    assert parts[0].startswith(b'{"protocol":1')
    assert parts[1] == b""


@pytest.mark.parametrize(
    "stdin",
    [
        b"",
        STDIN[:-1],
        STDIN.replace(b"nightly", b"daily12"),
        STDIN.replace(b"GUESTWRIGHT1", b"GUESTWRIGHT2"),
        b"GUESTWRIGHT1 -1 0 a b\n",
        b"GUESTWRIGHT1 999999999999 0 a b\n",
        b"GUESTWRIGHT1 \xff 0 a \xff\n",
    ],
)
def test_refuses_what_is_damaged(stdin: bytes) -> None:
    assert intake.read(io.BytesIO(stdin)) is None
