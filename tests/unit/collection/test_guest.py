"""One guest on the wire: reconnects, operation ids, and what exit codes mean."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError
from ansible_collections.guestwright.components.plugins.plugin_utils import guest_program
from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError, LinkError
from ansible_collections.guestwright.components.plugins.plugin_utils.guest import Guest, Output
from ansible_collections.guestwright.components.plugins.plugin_utils.routes import address, interpreter

LOST = AnsibleConnectionFailure("ssh: connect to host 192.0.2.1 port 22: Connection timed out")


class ScriptedTransport:
    """Answers each exec with the next of the given outputs or errors."""

    def __init__(self, answers: Sequence[Output | Exception]) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, bytes]] = []
        self.resets = 0

    def execute(self, command: str, stdin: bytes) -> Output:
        self.sent.append((command, stdin))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def reset(self) -> None:
        self.resets += 1


def answered(**result: object) -> Output:
    return Output(0, _line({"protocol": 1, "operation": "x", "ok": True, "result": result}), "")


def _line(answer: dict[str, object]) -> str:
    return f"{guest_program.wire.MARKER}{json.dumps(answer)}\n"


def guest(transport: ScriptedTransport, reconnects: int = 1) -> Guest:
    return Guest("web1", "nightly", transport, guest_reconnects=reconnects, pause=lambda _seconds: None)


def test_an_answer_is_returned() -> None:
    transport = ScriptedTransport([answered(state="idle")])
    assert guest(transport).deployed("status", {}) == {"state": "idle"}
    assert len(transport.sent) == 1


@pytest.mark.parametrize("lost", [LOST, Output(255, "", "broken pipe")])
def test_a_lost_link_sends_the_same_request_again(lost: Output | Exception) -> None:
    transport = ScriptedTransport([lost, answered()])
    link = guest(transport)
    link.deployed("freeze", {"file_systems": ["/srv"]})
    assert link.reconnects == 1
    assert transport.resets == 1
    assert transport.sent[0] == transport.sent[1]


def test_each_request_has_an_operation_of_its_own() -> None:
    transport = ScriptedTransport([answered(), answered()])
    link = guest(transport)
    link.deployed("freeze", {})
    link.deployed("freeze", {})
    assert transport.sent[0] != transport.sent[1]


@pytest.mark.parametrize("reconnects", [0, 1, 3])
def test_a_guest_that_never_answers_has_no_route(reconnects: int) -> None:
    transport = ScriptedTransport([LOST] * 10)
    link = guest(transport, reconnects)
    with pytest.raises(LinkError, match="Connection timed out") as raised:
        link.carried("probe", {})
    assert raised.value.code == "no_route"
    assert len(transport.sent) == 1 + reconnects
    assert link.reconnects == reconnects


def test_a_guest_that_answered_before_has_lost_its_link_and_each_request_may_reconnect() -> None:
    transport = ScriptedTransport([LOST, answered(), LOST, LOST])
    link = guest(transport)
    link.deployed("freeze", {})
    with pytest.raises(LinkError) as raised:
        link.deployed("thaw", {})
    assert raised.value.code == "link_lost"
    assert link.reconnects == 2


def test_a_link_that_broke_after_something_may_have_been_sent_is_lost() -> None:
    broken = AnsibleConnectionFailure("Failed to connect to the host via ssh: Shared connection to 192.0.2.1 closed.")
    with pytest.raises(LinkError) as raised:
        guest(ScriptedTransport([broken, LOST])).carried("prepare", {})
    assert raised.value.code == "link_lost"


def test_a_refused_login_is_not_tried_again() -> None:
    transport = ScriptedTransport([AnsibleAuthenticationFailure("Invalid password")])
    with pytest.raises(LinkError, match="login is refused"):
        guest(transport).carried("probe", {})
    assert len(transport.sent) == 1


@pytest.mark.parametrize(
    ("output", "code", "words"),
    [
        (Output(96, "", ""), "not_deployed", "not on the guest"),
        (Output(97, "", ""), "python_missing", "ansible_python_interpreter"),
        (Output(98, "", "sum differs"), "payload_damaged", "sum differs"),
        (Output(1, "", "sudo: sorry, you must have a tty to run sudo"), "tty_required", "!requiretty"),
        (Output(1, "", "clerk is not in the sudoers file."), "become_failed", "sudoers"),
        (Output(127, "", "/bin/sh: 1: sudo: not found"), "become_failed", "sudo"),
        (Output(1, "", "x" * 5000 + " Killed"), "no_answer", "Killed"),
        (Output(0, "Welcome!\n", ""), "no_answer", "Welcome!"),
        (AnsibleError("Incorrect sudo password"), "become_failed", "ansible_become_password"),
        (AnsibleConnectionFailure("Timeout (12s) waiting for privilege escalation prompt"), "become_failed", "sudo"),
        (AnsibleError("sshpass is missing"), "connection_error", "sshpass"),
        (
            Output(0, _line({"operation": "x", "ok": False, "error": {"code": "not_root", "message": "no"}}), ""),
            "not_root",
            "no",
        ),
    ],
)
def test_what_went_wrong_is_told(output: Output | Exception, code: str, words: str) -> None:
    with pytest.raises(GuestProcessingError) as raised:
        guest(ScriptedTransport([output])).carried("probe", {})
    assert raised.value.code == code
    assert words in raised.value.message
    assert len(raised.value.message) < 900


@pytest.mark.parametrize(
    ("value", "expected"),
    [("/usr/bin/python3", "/usr/bin/python3"), ("auto", None), ("auto_silent", None), (None, None), ("", None)],
)
def test_only_a_stated_interpreter_is_used(value: object, expected: str | None) -> None:
    assert interpreter(value) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"guestwright_addresses": ["192.0.2.1", "192.0.2.2"], "ansible_host": "h"}, "192.0.2.1"),
        ({"guestwright_addresses": "192.0.2.3"}, "192.0.2.3"),
        ({"guestwright_addresses": [], "ansible_host": "192.0.2.4"}, "192.0.2.4"),
        ({}, "web1"),
    ],
)
def test_the_address_of_a_guest(variables: dict[str, object], expected: str) -> None:
    assert address(variables, "web1") == expected
