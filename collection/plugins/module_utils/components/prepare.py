# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laying out the runtime components on a guest and starting the Guest Helper, or only looking."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from . import client, ending, paths, wire
from .version import VERSION
from .wire import GuestError

_START_SECONDS = 15.0
_SYSTEMD_PROPERTIES = (
    "--property=StandardInput=null",
    "--property=StandardOutput=null",
    "--property=StandardError=null",
    "--property=WorkingDirectory=/",
    "--property=UMask=0077",
    "--property=OOMScoreAdjust=-900",
    "--property=TimeoutStopSec=15",
    "--property=KillMode=mixed",
)


def installed_components() -> list[str]:
    """Return the persistent components that are registered on this guest."""
    try:
        with open(paths.REGISTRY, "rb") as stream:
            registry = json.loads(stream.read().decode("utf-8"))
        return sorted(registry["components"])
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GuestError(
            "registry_damaged", f"{paths.REGISTRY} cannot be read: {error}; reinstall the persistent components"
        ) from error


def prepare(request: dict[str, Any], payload: bytes, build: str, deliver: Callable[[dict[str, Any]], bool]) -> int:
    """Deploy, and answer; what was deployed is removed again where nobody is there to read the answer."""
    session, operation = request["session"], request["operation"]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    changed = False
    try:
        required = wire.strings(request["arguments"], "required_components")
        time_to_live = wire.seconds(request["arguments"], "time_to_live", 7200)
        installed = installed_components()
        if required and set(required) <= set(installed):
            answer = wire.success(operation, _result(installed, deployed=False, changed=False, helper=None))
            deliver(answer)
            return 0
        with paths.locked(session, create=True):
            result, changed = _deploy(request, payload, build, time_to_live, installed)
            delivered = deliver(wire.success(operation, result))
            if not delivered and changed:
                ending.end(session)
                paths.remove_session(session)
    except GuestError as error:
        deliver(wire.failure(operation, error))
    return 0


def _result(installed: list[str], *, deployed: bool, changed: bool, helper: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "installed": installed,
        "deployed": deployed,
        "changed": changed,
        "helper": helper,
        "python": {"path": sys.executable, "version": ".".join(map(str, sys.version_info[:3]))},
        "warnings": [],
    }


def _deploy(
    request: dict[str, Any], payload: bytes, build: str, time_to_live: float, installed: list[str]
) -> tuple[dict[str, Any], bool]:
    """Lay out and start what is not there yet, under the session's lock."""
    session = request["session"]
    settings = {
        "build": build,
        "version": VERSION,
        "owner": _owner(request["arguments"]),
        "time_to_live": time_to_live,
        "homes": login_homes(),
    }
    status = client.status(session)
    if status is not None and status.get("build") == build and read_settings(session) == settings:
        before = _prepared(session)
        if before.get("operation") == request["operation"]:
            return before["result"], False
        helper = {"pid": status["pid"], "version": status["version"], "started_by": before.get("started_by", "fork")}
        return _result(installed, deployed=True, changed=False, helper=helper), False
    ending.end(session)
    try:
        paths.write_file(paths.inside(session, paths.ZIPAPP), payload)
        paths.write_file(paths.inside(session, paths.SETTINGS), json.dumps(settings).encode("ascii"))
        started_by, warnings = _start(session)
        status = _wait_for_helper(session)
        helper = {"pid": status["pid"], "version": status["version"], "started_by": started_by}
        result = _result(installed, deployed=True, changed=True, helper=helper)
        result["warnings"] = warnings
        before = {"operation": request["operation"], "started_by": started_by, "result": result}
        paths.write_file(paths.inside(session, paths.PREPARED), json.dumps(before).encode("ascii"))
    except (GuestError, OSError) as error:
        ending.end(session)
        paths.remove_session(session)
        if isinstance(error, OSError):
            raise GuestError("deployment_failed", f"the components cannot be written: {error}") from error
        raise
    return result, True


def _owner(arguments: dict[str, Any]) -> dict[str, str]:
    owner = arguments.get("owner") or {}
    if not isinstance(owner, dict) or not all(isinstance(value, str) for value in owner.values()):
        raise GuestError("invalid_request", "owner is not an object of strings")
    return {key: owner[key] for key in ("server", "job") if key in owner}


def read_settings(session: str) -> dict[str, Any] | None:
    """Return what `prepare` wrote of a session; None where it is not there or damaged."""
    return _read(paths.inside(session, paths.SETTINGS))


def _prepared(session: str) -> dict[str, Any]:
    return _read(paths.inside(session, paths.PREPARED)) or {}


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as stream:
            document = json.loads(stream.read().decode("ascii"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def login_homes() -> list[str]:
    """Return the homes of those who are logged in through this process: their file systems are never frozen."""
    import pwd

    homes = {os.environ.get("HOME", "/root")}
    for name in (os.environ.get("SUDO_USER"), os.environ.get("LOGNAME")):
        with contextlib.suppress(KeyError):
            homes.add(pwd.getpwnam(name).pw_dir if name else "/root")
    with contextlib.suppress(OSError, ValueError, KeyError), open("/proc/self/loginuid", encoding="ascii") as stream:
        homes.add(pwd.getpwuid(int(stream.read())).pw_dir)
    return sorted(home for home in homes if home.startswith("/"))


def _command(session: str) -> list[str]:
    zipapp = paths.inside(session, paths.ZIPAPP)
    return [sys.executable, *paths.INTERPRETER_FLAGS, zipapp, wire.ARGV_WORD, session]


def _start(session: str) -> tuple[str, list[str]]:
    """Start the helper so that it outlives the login; return by what, and warnings."""
    if not os.path.isdir("/run/systemd/system"):
        _fork(session)
        return "fork", []
    import subprocess

    recover = " ".join([*_command(session), "recover"])
    command = [
        "systemd-run",
        f"--unit={ending.unit(session)}",
        f"--description=guestwright Guest Helper of session {session}",
        "--collect",
        "--quiet",
        *_SYSTEMD_PROPERTIES,
        f"--property=ExecStopPost={recover}",
        "--",
        *_command(session),
        "helper",
    ]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_START_SECONDS,
            check=False,
        )
        problem = done.stdout.decode("utf-8", "replace").strip() if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    if not problem:
        return "systemd", []
    _fork(session)
    return "fork", [f"systemd-run failed, so the Guest Helper runs outside systemd: {problem}"]


def _fork(session: str) -> None:
    first = os.fork()
    if first:
        os.waitpid(first, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.closerange(3, min(os.sysconf("SC_OPEN_MAX"), 65536))
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        os.execve(  # noqa: S606
            sys.executable, [*_command(session), "helper"], environment
        )
    finally:
        os._exit(127)


def _wait_for_helper(session: str) -> dict[str, Any]:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        status = client.status(session)
        if status is not None:
            return status
        if time.monotonic() > deadline:
            raise GuestError(
                "helper_start_failed", f"the Guest Helper did not answer within {_START_SECONDS:g} s of its start"
            )
        time.sleep(0.005)


def probe(request: dict[str, Any], build: str) -> dict[str, Any]:
    """Look whether `prepare` and `freeze` could be done, and write nothing at all."""
    from . import mounts

    session = request["session"]
    requested = wire.strings(request["arguments"], "file_systems")
    directory = paths.session_directory(session)
    _chosen, refusals = mounts.choose(requested, mounts.current(), mounts.protected_paths(login_homes(), directory))
    refused = [{"code": "freeze_refused", "message": refusal.message} for refusal in refusals]
    try:
        for path in (paths.BASE, directory):
            with contextlib.suppress(FileNotFoundError):
                paths.check_directory(path)
    except GuestError as error:
        refused.append({"code": error.code, "message": error.message})
    status = client.status(session)
    return {
        "installed": installed_components(),
        "present": status is not None and status.get("build") == build,
        "refused": refused,
        "python": _result([], deployed=False, changed=False, helper=None)["python"],
    }
