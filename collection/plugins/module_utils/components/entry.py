# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a process of the components begins: reads the request, does the verb, prints the one answer line."""

from __future__ import annotations

import os
import sys
from typing import Any

from . import wire
from .wire import GuestError

EXIT_DAMAGED = 98
_NO_PYTHON_WORDS = 4


def carried(request: bytes, payload: bytes, build: str) -> int:
    """Do a verb from memory: the bootstrap has checked the bytes and loaded this package from them."""
    return _process(request, payload, build)


def deployed(argv: list[str]) -> int:
    """Run what the deployed zipapp is started for: the helper, its watchdog, or one verb."""
    if len(argv) < _NO_PYTHON_WORDS or argv[1] != wire.ARGV_WORD or not wire.SESSION_PATTERN.fullmatch(argv[2]):
        sys.stderr.write("guestwright: this is started by guestwright itself, not by hand\n")
        return 64
    verb = argv[3]
    if verb == "helper":
        from . import helper

        return helper.main(argv[2])
    if verb == "watchdog":
        from . import watchdog

        return watchdog.main()
    if verb == "recover":
        from . import freeze_record

        freeze_record.recover(argv[2])
        return 0
    from . import intake

    parts = intake.read(sys.stdin.buffer)
    if parts is None:
        sys.stderr.write("guestwright: the request did not arrive whole\n")
        return EXIT_DAMAGED
    return _process(parts[0], b"", "")


def _process(frame: bytes, payload: bytes, build: str) -> int:
    operation = "unknown"
    try:
        request = wire.decode_request(frame)
        operation = request["operation"]
        _require_root()
        os.umask(0o077)
        if request["verb"] == "prepare":
            from . import prepare

            return prepare.prepare(request, payload, build, deliver)
        answer = _dispatch(request, build)
    except GuestError as error:
        answer = wire.failure(operation, error)
    except Exception as error:  # noqa: BLE001
        answer = wire.failure(operation, GuestError("internal_error", f"{type(error).__name__}: {error}"))
    deliver(answer)
    return 0


def _require_root() -> None:
    if os.geteuid() != 0:
        raise GuestError("not_root", f"guestwright runs as user id {os.geteuid()}; log in as root or set become: true")


def _dispatch(request: dict[str, Any], build: str) -> dict[str, Any]:
    verb = request["verb"]
    if verb == "probe":
        from . import prepare

        return wire.success(request["operation"], prepare.probe(request, build))
    if verb == "release":
        from . import release

        return wire.success(request["operation"], release.release(request))
    if verb == "orphans":
        from . import orphans

        return wire.success(request["operation"], orphans.orphans(request))
    return _forward(request)


def _forward(request: dict[str, Any]) -> dict[str, Any]:
    """Have the helper do it; where it died while frozen, end the freeze before saying so."""
    from . import client

    try:
        return client.call(request)
    except GuestError as error:
        if request["verb"] != "thaw":
            raise
        from . import freeze_record

        outcome = freeze_record.recover(request["session"])
        raise GuestError(
            error.code,
            f"{error.message}; the freeze did not hold",
            {
                "held": False,
                "seconds": 0.0,
                "ended_by": "helper_died",
                "file_systems": outcome["thawed"],
                "scripts": outcome["scripts"],
                "warnings": outcome["failed"],
            },
        ) from error


def deliver(answer: dict[str, Any]) -> bool:
    """Print the answer line; return False where nobody is there to read it."""
    import select

    line = b"\n" + wire.MARKER.encode("ascii") + wire.encode(answer)
    poll = select.poll()
    poll.register(1, select.POLLOUT)
    try:
        if any(event & (select.POLLERR | select.POLLHUP | select.POLLNVAL) for _descriptor, event in poll.poll(0)):
            return False
        view = memoryview(line)
        while view:
            view = view[os.write(1, view) :]
    except OSError:
        return False
    return True
