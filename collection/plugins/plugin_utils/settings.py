# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of one guest, from a profile that the engine rendered or from a playbook's own YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODES = ("require_success", "ignore_failures", "disabled")
METHODS = ("automatic", "runtime_only", "persistent_only")
ROUTES = ("admin", "installer_service", "hypervisor")
COMPONENTS = ("guest_helper", "log_shipping")
SESSION_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")

_KNOWN_KEYS: Mapping[str, frozenset[str] | None] = {
    "job": None,
    "required_components": None,
    "guest_processing": frozenset(
        {
            "application_processing",
            "use_persistent_guest_agent",
            "method",
            "routes",
            "freeze_timeout",
            "scripts",
            "applications",
            "transaction_logs",
            "indexing",
        }
    ),
    "components": frozenset({"catalogue", "installer_service", "time_to_live"}),
    "network": frozenset({"guest_reconnects", "proxy_reconnects"}),
    "session": frozenset({"consistency_group", "parallel"}),
}


class SettingsError(ValueError):
    """The settings cannot be used; the text names the key and says what is expected there."""


@dataclass(frozen=True)
class Settings:
    """What the actions need to know of a guest's settings. Durations are whole seconds."""

    job: str = "guestwright"
    application_processing: str = "ignore_failures"
    use_persistent_guest_agent: bool = False
    method: str = "automatic"
    routes: tuple[str, ...] = ROUTES
    freeze_timeout: int = 60
    script_mode: str = "ignore_failures"
    pre_freeze: tuple[tuple[str, ...], ...] = ()
    post_thaw: tuple[tuple[str, ...], ...] = ()
    script_timeout: int = 600
    file_systems: tuple[str, ...] = ()
    required_components: tuple[str, ...] = ("guest_helper",)
    time_to_live: int = 7200
    guest_reconnects: int = 1

    @property
    def enabled(self) -> bool:
        """Whether guest processing is tried at all."""
        return self.application_processing != "disabled"

    @property
    def required(self) -> bool:
        """Whether a guest whose guest processing failed gets no snapshot and no backup (domain.md section 6)."""
        return self.application_processing == "require_success"

    @property
    def runs_scripts(self) -> bool:
        """Whether there is a script to run on the guest."""
        return self.script_mode != "disabled" and bool(self.pre_freeze or self.post_thaw)

    @property
    def quiesces(self) -> bool:
        """Whether a freeze has anything to do on the guest."""
        return bool(self.file_systems) or self.runs_scripts

    def freeze_arguments(self) -> dict[str, Any]:
        """Return the arguments of the guest program's `freeze`."""
        return {
            "file_systems": list(self.file_systems),
            "freeze_timeout": self.freeze_timeout,
            "scripts": {
                "mode": self.script_mode,
                "pre_freeze": [list(command) for command in self.pre_freeze],
                "post_thaw": [list(command) for command in self.post_thaw],
                "timeout": self.script_timeout,
            },
        }


def load(value: object) -> Settings:
    """Return the settings from the path of a JSON profile or from a mapping of the same shape.

    A profile is read as JSON and never templated, so text in it stays text.

    Raises:
        SettingsError: the file cannot be read, or its content is not what is expected.
    """
    if isinstance(value, Mapping):
        return parse(value)
    if not isinstance(value, str) or not value:
        raise SettingsError("settings: expected the path of a JSON profile, or a mapping")
    try:
        document = json.loads(Path(value).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"settings: {value} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"settings: {value} is not JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise SettingsError(f"settings: {value} holds no mapping")
    return parse(document)


def parse(document: Mapping[str, Any]) -> Settings:
    """Return the settings that a mapping states; what it leaves out keeps its default.

    Raises:
        SettingsError: a key is unknown, or a value is not what is expected.
    """
    _refuse_unknown(document)
    processing = _mapping(document, "guest_processing")
    scripts = _mapping(processing, "scripts", "guest_processing.")
    applications = _mapping(processing, "applications", "guest_processing.")
    components = _mapping(document, "components")
    network = _mapping(document, "network")
    usual = Settings()
    return Settings(
        job=_text(document, "job", usual.job),
        application_processing=_choice(processing, "application_processing", MODES, usual.application_processing),
        use_persistent_guest_agent=_boolean(processing, "use_persistent_guest_agent"),
        method=_choice(processing, "method", METHODS, usual.method),
        routes=_choices(processing, "routes", ROUTES, usual.routes),
        freeze_timeout=_number(processing, "freeze_timeout", usual.freeze_timeout, 1),
        script_mode=_choice(scripts, "mode", MODES, usual.script_mode),
        pre_freeze=_commands(scripts, "pre_freeze"),
        post_thaw=_commands(scripts, "post_thaw"),
        script_timeout=_number(scripts, "timeout", usual.script_timeout, 1),
        file_systems=_texts(applications, "filesystems"),
        required_components=_choices(document, "required_components", COMPONENTS, usual.required_components),
        time_to_live=_number(components, "time_to_live", usual.time_to_live, 1),
        guest_reconnects=_number(network, "guest_reconnects", usual.guest_reconnects, 0),
    )


def _refuse_unknown(document: Mapping[str, Any]) -> None:
    for key, value in document.items():
        if key not in _KNOWN_KEYS:
            raise SettingsError(f"settings: {key} is not known; known are {', '.join(sorted(_KNOWN_KEYS))}")
        known = _KNOWN_KEYS[key]
        if known is None or not isinstance(value, Mapping):
            continue
        for inner in value:
            if inner not in known:
                raise SettingsError(f"settings: {key}.{inner} is not known; known are {', '.join(sorted(known))}")


def _mapping(document: Mapping[str, Any], key: str, within: str = "") -> Mapping[str, Any]:
    value = document.get(key) or {}
    if not isinstance(value, Mapping):
        raise SettingsError(f"settings: {within}{key} must be a mapping")
    return value


def _text(document: Mapping[str, Any], key: str, usual: str) -> str:
    value = document.get(key, usual)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"settings: {key} must be a text")
    return str(value)


def _texts(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = document.get(key) or ()
    if isinstance(value, str) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"settings: {key} must be a list of texts")
    return tuple(str(item) for item in value)


def _choice(document: Mapping[str, Any], key: str, choices: tuple[str, ...], usual: str) -> str:
    value = document.get(key, usual)
    if value not in choices:
        raise SettingsError(f"settings: {key} is {value!r}, not one of {', '.join(choices)}")
    return str(value)


def _choices(
    document: Mapping[str, Any], key: str, choices: tuple[str, ...], usual: tuple[str, ...]
) -> tuple[str, ...]:
    if document.get(key) is None:
        return usual
    values = _texts(document, key)
    for value in values:
        if value not in choices:
            raise SettingsError(f"settings: {key} holds {value!r}, not one of {', '.join(choices)}")
    return values


def _boolean(document: Mapping[str, Any], key: str) -> bool:
    value = document.get(key, False)
    if not isinstance(value, bool):
        raise SettingsError(f"settings: {key} must be true or false")
    return value


def _number(document: Mapping[str, Any], key: str, usual: int, least: int) -> int:
    value = document.get(key, usual)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise SettingsError(f"settings: {key} must be a whole number of at least {least}")
    return int(value)


def _commands(document: Mapping[str, Any], key: str) -> tuple[tuple[str, ...], ...]:
    value = document.get(key) or ()
    if isinstance(value, (str, Mapping)) or not all(_is_command(command) for command in value):
        raise SettingsError(f"settings: {key} must be a list of commands, each a list of arguments")
    return tuple(tuple(str(part) for part in command) for command in value)


def _is_command(value: object) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(part, str) for part in value)
