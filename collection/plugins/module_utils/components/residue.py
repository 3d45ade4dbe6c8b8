# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: S108
"""Looking for what is left of us on a guest: the proof behind a release (domain.md section 9).

What belongs to another session with a live helper, or to a registered persistent component, is not a leftover.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from . import client, firewall, paths, processes, wire

NAME = "guestwright"
_FOLDERS = (
    "/run",
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/var/lib",
    "/var/log",
    "/var/cache",
    "/var/spool",
    "/opt",
    "/srv",
    "/etc",
    "/etc/init.d",
    "/etc/default",
    "/etc/sudoers.d",
    "/etc/profile.d",
    "/etc/logrotate.d",
    "/etc/tmpfiles.d",
    "/root",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/local/etc",
    "/usr/local/lib",
    "/usr/local/libexec",
    "/usr/local/share",
)
_UNITS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/transient",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_CRON_FOLDERS = (
    "/etc/cron.d",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/var/spool/cron",
    "/var/spool/cron/crontabs",
)
_CRON_FILES = ("/etc/crontab", "/etc/anacrontab")
# The command itself, its lab and its runs: they belong to a backup server that is a guest too, not to the components.
_OF_THE_ENGINE = frozenset(("/usr/local/bin/guestwright", "/run/guestwright-lab", "/var/tmp/guestwright-lab"))
_RUN_OF_THE_ENGINE = re.compile(r"/(dev/shm|tmp)/guestwright-\d{8}t\d{6}-[0-9a-f]{8}-\w{8}")
_PLACES = (
    f"{paths.BASE}/",
    "/var/lib/guestwright/",
    "/tmp/guestwright",
    "/var/tmp/guestwright/",
    "/dev/shm/guestwright",
)
_PERSISTENT_UNITS = {
    "guest_helper": "guestwright-guest-helper",
    "log_shipping": "guestwright-log-shipping",
    "installer_service": "guestwright-installer-service",
}


class Owned(NamedTuple):
    """What may stay: the sessions whose helper lives, and the registered persistent components."""

    sessions: frozenset[str]
    components: frozenset[str]

    def owns_file(self, path: str) -> bool:
        """Tell whether a path belongs to what may stay."""
        if path in _OF_THE_ENGINE or _RUN_OF_THE_ENGINE.fullmatch(path):
            return True
        if self.sessions and (path == paths.BASE or self._session_of(path) in self.sessions):
            return True
        return bool(self.components) and path in (os.path.dirname(paths.REGISTRY), "/etc/guestwright")

    def owns_unit(self, name: str) -> bool:
        """Tell whether a unit's name belongs to what may stay."""
        stem = name.rpartition(".")[0]
        sessions = {f"guestwright-{session}" for session in self.sessions}
        components = {_PERSISTENT_UNITS[name] for name in self.components if name in _PERSISTENT_UNITS}
        return stem in sessions | components

    def owns_process(self, command_line: str) -> bool:
        """Tell whether a process belongs to a live session or to a persistent component."""
        found = processes.parse_command_line(0, command_line.encode("utf-8", "surrogateescape"))
        if found is not None and found.session in self.sessions:
            return True
        return any(f"/var/lib/guestwright/{component}" in command_line for component in self.components)

    @staticmethod
    def _session_of(path: str) -> str:
        return path[len(paths.BASE) + 1 :].partition("/")[0] if path.startswith(paths.BASE + "/") else ""


def live_sessions(own: str) -> frozenset[str]:
    """Return the other sessions whose Guest Helper answers, or for which a verb runs at this moment."""
    busy = {process.session for process in processes.find() if not processes.is_long_lived(process)} - {own}
    try:
        names = os.listdir(paths.BASE)
    except OSError:
        names = []
    answering = {name for name in names if wire.SESSION_PATTERN.fullmatch(name) and client.status(name)}
    return frozenset(busy | answering)


def search(own: str, components: Iterable[str] = ()) -> tuple[list[dict[str, str]], list[str]]:
    """Look everywhere; return what was found as `{kind, path}`, and what could not be looked at.

    Args:
        own: the session that has been removed.
        components: the persistent components that are registered.
    """
    owned = Owned(live_sessions(own), frozenset(components))
    found: list[tuple[str, str]] = []
    found += [("process", text) for text in _processes(owned)]
    found += [("file", path) for path in _files(owned)]
    found += [("socket", path) for path in parse_unix_sockets(_read("/proc/net/unix")) if not owned.owns_file(path)]
    found += [("unit", path) for path in _units(owned)]
    found += [("cron", path) for path in _cron()]
    found += [("user", text) for text in _users()]
    rules, unchecked = firewall.search(NAME)
    found += [("firewall", text) for text in rules]
    return [{"kind": kind, "path": path} for kind, path in found], unchecked


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read(1 << 20)
    except OSError:
        return ""


def _named(folder: str) -> list[str]:
    try:
        return [name for name in sorted(os.listdir(folder)) if name.lstrip(".").startswith(NAME)]
    except OSError:
        return []


def _processes(owned: Owned) -> list[str]:
    own = processes.ancestors()
    namespace = processes.namespace("self")
    result = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) in own:
            continue
        command_line = _read(f"/proc/{name}/cmdline")
        if is_ours(command_line) and not owned.owns_process(command_line) and processes.namespace(name) == namespace:
            result.append(f"{name} {command_line.rstrip(chr(0)).replace(chr(0), ' ')[:200]}")
    return result


def is_ours(command_line: str) -> bool:
    """Tell whether a command line is one of ours: run from a path of ours, or with the word that all of ours carry."""
    arguments = command_line.split("\0")
    if wire.ARGV_WORD in arguments:
        return True
    name = os.path.basename(arguments[0])
    return name.startswith(NAME) or any(argument.startswith(_PLACES) for argument in arguments)


def _files(owned: Owned) -> list[str]:
    result = []
    for folder in _FOLDERS:
        for name in _named(folder):
            path = f"{folder}/{name}"
            if path == paths.BASE:
                result += _sessions(owned)
            elif not owned.owns_file(path):
                result.append(path)
    return result


def _sessions(owned: Owned) -> list[str]:
    if os.path.islink(paths.BASE) or not os.path.isdir(paths.BASE):
        return [paths.BASE]
    names = sorted(os.listdir(paths.BASE))
    if not names:
        return [paths.BASE]
    return [f"{paths.BASE}/{name}" for name in names if name not in owned.sessions]


def parse_unix_sockets(text: str) -> list[str]:
    """Return the unix sockets of ours that `/proc/net/unix` lists, abstract ones (`@...`) too, each once."""
    result = set()
    for line in text.splitlines()[1:]:
        path = line.split(None, 7)[7] if len(line.split(None, 7)) == 8 else ""
        if os.path.basename(path).lstrip("@").startswith(NAME) or path.startswith(paths.BASE + "/"):
            result.add(path)
    return sorted(result)


def _units(owned: Owned) -> list[str]:
    result = []
    seen = set()
    for folder in _UNITS:
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        result += [f"{folder}/{name}" for name in _named(folder) if not owned.owns_unit(re.sub(r"\.d$", "", name))]
        for wants in _wants(folder):
            result += [f"{wants}/{name}" for name in _named(wants) if not owned.owns_unit(name)]
    return result


def _wants(folder: str) -> list[str]:
    with contextlib.suppress(OSError):
        return [f"{folder}/{name}" for name in sorted(os.listdir(folder)) if name.endswith((".wants", ".requires"))]
    return []


def _cron() -> list[str]:
    result = [path for path in _CRON_FILES if NAME in _read(path)]
    for folder in _CRON_FOLDERS:
        with contextlib.suppress(OSError):
            for name in sorted(os.listdir(folder)):
                path = f"{folder}/{name}"
                if os.path.isdir(path):
                    continue
                if name.startswith(NAME) or NAME in _read(path):
                    result.append(path)
    return result


def _users() -> list[str]:
    result = []
    for path, what in (("/etc/passwd", "user"), ("/etc/group", "group")):
        names = re.findall(rf"^(_?{NAME}[^:]*):", _read(path), re.MULTILINE)
        result += [f"{what} {name}" for name in names]
    return result
