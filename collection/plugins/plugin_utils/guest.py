# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One guest on the wire: opens its route, sends the guest program's requests, and owns the reconnects.

Every action goes through `Guest.request`. A request whose link breaks is sent again with the same operation id: the
guest program then re-attaches to the running operation and returns its stored result, so it runs at most once.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError
from ansible_collections.guestwright.components.plugins.plugin_utils import guest_program
from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError, LinkError

EXIT_NOT_DEPLOYED = 96
EXIT_NO_PYTHON = 97
EXIT_DAMAGED = 98
EXIT_LINK = 255
PROTOCOL = 1
OUTPUT_TAIL = 600
NEVER_CONNECTED = re.compile(
    r"connect to host|could not resolve hostname|kex_exchange_identification|banner exchange"
    r"|host key verification failed"
    r"|remote host identification has changed|permission denied",
    re.IGNORECASE,
)
"""What ssh says where it did not come as far as running anything on the guest."""
RECONNECT_PAUSE = 1.0
"""Seconds between a lost link and the next attempt: a link that flaps is not back at once."""


@dataclass(frozen=True)
class Output:
    """What one exec on the guest gave back."""

    code: int
    stdout: str
    stderr: str


class Transport(Protocol):
    """Carries one exec to a guest; it reports a lost link as AnsibleConnectionFailure or as exit code 255."""

    def execute(self, command: str, stdin: bytes) -> Output:
        """Run a command on the guest with this standard input, and wait for its end."""

    def reset(self) -> None:
        """Forget the connection, so that the next exec opens a new one."""


class Guest:
    """A guest that requests are sent to, over one route.

    Attributes:
        name: its inventory name.
        reconnects: how often a lost link was tried again so far.
    """

    def __init__(
        self,
        name: str,
        session: str,
        transport: Transport,
        *,
        guest_reconnects: int,
        python: str | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.reconnects = 0
        self._session = session
        self._transport = transport
        self._allowed = guest_reconnects
        self._python = python
        self._pause = pause
        self._sent = False

    def carried(self, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Run a verb with a guest program that travels along; nothing need be deployed on the guest.

        Raises:
            GuestProcessingError: what the guest or the way there answered instead.
            LinkError: the link broke and the reconnects are used up.
        """
        return self._answer(guest_program.carried(self._new_request(verb, arguments), self._python))

    def deployed(self, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Run a verb with the deployed guest program; raises like `carried`, `not_deployed` where it is not there."""
        return self._answer(guest_program.deployed(self._new_request(verb, arguments), self._python))

    def _new_request(self, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "protocol": PROTOCOL,
            "session": self._session,
            "operation": uuid.uuid4().hex,
            "verb": verb,
            "arguments": dict(arguments),
        }

    def _answer(self, send: guest_program.Exec) -> dict[str, Any]:
        output = self._execute(send)
        self._sent = True
        if output.code != 0:
            raise error_of(output)
        try:
            answer = guest_program.parse(output.stdout)
        except guest_program.NoAnswer as missing:
            raise GuestProcessingError(
                "no_answer", f"the guest program gave no answer{_tail(output)}; is its output redirected at login?"
            ) from missing
        if not answer.get("ok"):
            error = answer.get("error") or {}
            raise GuestProcessingError(
                str(error.get("code", "guest_error")),
                str(error.get("message", "the guest program gave no reason")),
                error.get("details"),
            )
        return dict(answer.get("result") or {})

    def _execute(self, send: guest_program.Exec) -> Output:
        """Run one exec; a lost link is tried again as often as the settings allow, with the very same request."""
        for attempt in range(1 + self._allowed):
            if attempt:
                self.reconnects += 1
                self._transport.reset()
                self._pause(RECONNECT_PAUSE)
            reason = self._attempt(send)
            if isinstance(reason, Output):
                return reason
            self._sent = self._sent or not NEVER_CONNECTED.search(reason)
        attempts = "1 attempt" if self._allowed == 0 else f"{self._allowed + 1} attempts"
        if self._sent:
            raise LinkError("link_lost", f"the link to the guest broke ({attempts}): {reason}")
        raise LinkError("no_route", f"the guest did not answer ({attempts}): {reason}")

    def _attempt(self, send: guest_program.Exec) -> Output | str:
        """Return the output of an exec, or why its link is lost."""
        try:
            output = self._transport.execute(send.command, send.stdin)
        except AnsibleAuthenticationFailure as error:
            raise LinkError("no_route", f"the login is refused: {_shortened(str(error))}") from error
        except AnsibleConnectionFailure as error:
            if "privilege escalation" in str(error):
                raise GuestProcessingError("become_failed", _become_message(str(error))) from error
            return _shortened(str(error))
        except AnsibleError as error:
            raise error_of_ansible(error) from error
        if output.code == EXIT_LINK:
            return _shortened(output.stderr) or "the connection ended without a word"
        return output


def error_of_ansible(error: AnsibleError) -> GuestProcessingError:
    """Return what an error of Ansible's own (a refused sudo password, a missing program) means here."""
    text = str(error)
    if "sudo password" in text or "become" in text.lower():
        return GuestProcessingError("become_failed", _become_message(text))
    return GuestProcessingError("connection_error", _shortened(text))


def error_of(output: Output) -> GuestProcessingError:
    """Return what an exec means that ended without an answer, from its exit code and its last words."""
    if output.code == EXIT_NOT_DEPLOYED:
        return GuestProcessingError(
            "not_deployed", "the runtime components are not on the guest; were they removed, or never deployed?"
        )
    if output.code == EXIT_NO_PYTHON:
        return GuestProcessingError(
            "python_missing",
            "the guest has no Python 3.8 or newer; install one, or name it with ansible_python_interpreter",
        )
    if output.code == EXIT_DAMAGED:
        return GuestProcessingError("payload_damaged", f"the components arrived damaged on the guest{_tail(output)}")
    words = output.stderr.lower()
    if "you must have a tty" in words:
        return GuestProcessingError(
            "tty_required",
            "sudo on the guest wants a terminal (requiretty), which a payload on standard input cannot have; "
            "add `Defaults:LOGIN !requiretty` to its sudoers, or log in as root",
        )
    if any(sign in words for sign in ("sudo:", "sudoers", "not allowed to execute", "sudo: not found")):
        return GuestProcessingError("become_failed", _become_message(output.stderr))
    return GuestProcessingError("no_answer", f"the guest program ended with exit code {output.code}{_tail(output)}")


def _become_message(text: str) -> str:
    return f"sudo did not make the login root: {_shortened(text)} (check its rights and ansible_become_password)"


def _tail(output: Output) -> str:
    words = _shortened(output.stderr) or _shortened(output.stdout)
    return f": {words}" if words else ""


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= OUTPUT_TAIL else "…" + line[-OUTPUT_TAIL:]
