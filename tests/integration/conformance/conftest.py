"""Which implementation is tested: `GUESTWRIGHT_CONFORMANCE=MODULE:FUNCTION` names its `connect` function.

`connect(session)` returns an object with `ask(request) -> answer` (any verb, through its own way in) and
`open() -> socket` (a connection to the helper of that session). `conformance_local` is an example.
"""

from __future__ import annotations

import importlib
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

_IMPLEMENTATION = os.environ.get("GUESTWRIGHT_CONFORMANCE", "conformance_local:connect")
_numbers = itertools.count(1)


@pytest.fixture(params=[_IMPLEMENTATION])
def session(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A prepared session of the implementation, released in the end."""
    module, _, function = request.param.partition(":")
    name = f"conformance-{os.getpid()}-{next(_numbers)}"
    guest = Session(name, getattr(importlib.import_module(module), function)(name))
    guest.result("prepare", required_components=["guest_helper"], time_to_live=60, owner={"server": "s", "job": "j"})
    yield guest
    guest.result("release")


class Session:
    """One session, and the requests of it."""

    def __init__(self, name: str, guest: Any) -> None:
        self.name = name
        self.guest = guest

    def request(self, verb: str, operation: str | None = None, **arguments: Any) -> dict[str, Any]:
        return {
            "protocol": 1,
            "session": self.name,
            "operation": operation or f"{self.name}-{next(_numbers)}",
            "verb": verb,
            "arguments": arguments,
        }

    def answer(self, verb: str, operation: str | None = None, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.guest.ask(self.request(verb, operation, **arguments))
        return answer

    def result(self, verb: str, operation: str | None = None, **arguments: Any) -> dict[str, Any]:
        answer = self.answer(verb, operation, **arguments)
        assert answer["ok"] is True, answer
        result: dict[str, Any] = answer["result"]
        return result

    def frames(self, content: bytes) -> bytes:
        """Send bytes to the helper, and return all that it answers until it closes."""
        received = b""
        with self.guest.open() as connection:
            try:
                connection.sendall(content)
                while chunk := connection.recv(65536):
                    received += chunk
            except (BrokenPipeError, ConnectionResetError):
                pass
        return received


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait for a condition."""
    from guest_programs import until

    return until
