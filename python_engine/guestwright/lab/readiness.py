"""Whether guests answer: their ssh servers' greetings, read from the lab's backup server."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Sequence
from typing import Final

from guestwright.errors import GuestwrightError
from guestwright.lab import kernel
from guestwright.lab.model import Guest
from guestwright.lab.processes import Process

_AT_ONCE: Final = 16
_TRY_SECONDS: Final = 5.0
_PORT: Final = 22


def wait_for_answers(backup_server: Process, guests: Sequence[Guest], seconds: float) -> None:
    """Wait until every guest's ssh server has greeted.

    Raises:
        GuestwrightError: some did not within the time.
    """
    silent = silent_guests(backup_server, guests, seconds)
    if silent:
        some = ", ".join(silent[:5]) + (", ..." if len(silent) > 5 else "")
        raise GuestwrightError(
            f"{len(silent)} guests did not answer within {seconds:.0f} s: {some}",
            "their log is /var/log/sshd.log in the guest",
        )


def silent_guests(backup_server: Process, guests: Sequence[Guest], seconds: float) -> list[str]:
    """Return the names of the guests that did not greet within the time.

    A child does the work, since a process of an ordinary user could not come back from the namespace.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(read)
            with backup_server.namespace("net").open("rb") as namespace:
                kernel.set_namespace(namespace.fileno(), kernel.NEW_NETWORK)
            os.write(write, "\n".join(_ask(guests, time.monotonic() + seconds)).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        return [guest.name for guest in guests]
    return answer.splitlines()


def _ask(guests: Sequence[Guest], deadline: float) -> list[str]:
    """Ask some guests at a time, again and again, until all have greeted or the time is over."""
    waiting = list(reversed(guests))
    asked: dict[socket.socket, tuple[Guest, float]] = {}
    with selectors.DefaultSelector() as selector:
        while (waiting or asked) and time.monotonic() < deadline:
            while waiting and len(asked) < _AT_ONCE:
                guest = waiting.pop()
                one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                one.setblocking(False)
                one.connect_ex((guest.address, _PORT))
                selector.register(one, selectors.EVENT_READ)
                asked[one] = (guest, time.monotonic() + _TRY_SECONDS)
            refused = False
            ready = {key.fileobj for key, _ in selector.select(0.1)}
            for one, (guest, until) in list(asked.items()):
                greeted = one in ready and _greeting(one)
                if one in ready or time.monotonic() > until:
                    selector.unregister(one)
                    one.close()
                    del asked[one]
                    if not greeted:
                        waiting.insert(0, guest)
                        refused = True
            if refused:
                time.sleep(0.01)
    for one in asked:
        one.close()
    return sorted(guest.name for guest in [*waiting, *(guest for guest, _ in asked.values())])


def _greeting(one: socket.socket) -> bool:
    with contextlib.suppress(OSError):
        return one.recv(64).startswith(b"SSH-2.0-")
    return False
