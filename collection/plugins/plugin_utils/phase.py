# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions share: their options, the own guest of a task, and the shape of a task's result."""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError
from ansible_collections.guestwright.components.plugins.plugin_utils.guest import Guest
from ansible_collections.guestwright.components.plugins.plugin_utils.routes import open_guest
from ansible_collections.guestwright.components.plugins.plugin_utils.settings import (
    SESSION_NAME,
    Settings,
    SettingsError,
    load,
)

DEFAULT_PROFILE = "default"
PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
SESSION_OPTIONS: dict[str, Any] = {
    "session": {"type": "str", "required": True},
    "settings": {"type": "raw", "required": True},
}


def options_of(action: ActionBase, specification: Mapping[str, Any], **rules: Any) -> dict[str, Any]:
    """Return an action's validated options; a wrong one fails the task with its name and what is expected."""
    _result, options = action.validate_argument_spec(argument_spec=dict(specification), **rules)
    session = options.get("session")
    if session is not None and not SESSION_NAME.fullmatch(session):
        raise AnsibleActionFail(f"session is {session!r}, but must match {SESSION_NAME.pattern}")
    return dict(options)


def settings_of(action: ActionBase, value: object, variables: Mapping[str, Any]) -> Settings:
    """Return the settings that an option states for the guest of these variables; unusable ones fail the task."""
    try:
        return load(_profile(place_of(action, value), variables) if isinstance(value, str) else value)
    except SettingsError as error:
        raise AnsibleActionFail(str(error)) from error


def place_of(action: ActionBase, path: str) -> str:
    """Return an absolute path; a relative one is taken from the playbook's folder, without any templating."""
    return str(action._loader.path_dwim(path))


def _profile(path: str, variables: Mapping[str, Any]) -> str:
    """Return the file of a guest's settings: in a folder, the one that its `guestwright_profile` names."""
    if not Path(path).is_dir():
        return path
    name = str(variables.get("guestwright_profile", DEFAULT_PROFILE))
    if not PROFILE_NAME.fullmatch(name):
        raise SettingsError(f"guestwright_profile is {name!r}, but must match {PROFILE_NAME.pattern}")
    return str(Path(path) / f"{name}.json")


def own_variables(action: ActionBase, task_vars: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the few variables of the task's own host that the actions read, templated."""
    names = ("guestwright_os", "guestwright_addresses", "ansible_host", "ansible_python_interpreter")
    return {name: action._templar.template(task_vars[name]) for name in names if name in task_vars}


def open_own_guest(action: ActionBase, task_vars: Mapping[str, Any], session: str, reconnects: int) -> Guest:
    """Open the task's own host; raises like `open_guest`."""
    return open_guest(
        action,
        own_variables(action, task_vars),
        name=host_name(task_vars),
        session=session,
        guest_reconnects=reconnects,
    )


def host_name(task_vars: Mapping[str, Any]) -> str:
    """Return the inventory name of the task's host."""
    return str(task_vars.get("inventory_hostname", "localhost"))


def owner_of(settings: Settings) -> dict[str, str]:
    """Return who a session's components belong to: this backup server, and the job."""
    return {"server": platform.node(), "job": settings.job}


def guest_arguments(settings: Settings) -> dict[str, Any]:
    """Return the arguments that `prepare` and `probe` have in common."""
    return {
        "required_components": list(settings.required_components),
        "time_to_live": settings.time_to_live,
        "owner": owner_of(settings),
    }


def stopwatch() -> Callable[[], float]:
    """Return a function that says how many seconds have passed, rounded to milliseconds."""
    started = time.monotonic()
    return lambda: round(time.monotonic() - started, 3)


def result_of(document: dict[str, Any], *, changed: bool) -> dict[str, Any]:
    """Return a task's result: the document that the engine reads, and what Ansible itself shows."""
    error = document.get("error")
    result: dict[str, Any] = {"changed": changed, "failed": document["outcome"] == "failed", "guestwright": document}
    if error:
        result["msg"] = error["message"]
    else:
        result["msg"] = f"{document['guest']}: {document['outcome']}"
    if document.get("warnings"):
        result["warnings"] = [f"{document['guest']}: {warning}" for warning in document["warnings"]]
    return result


def failure(phase: str, guest: str, error: GuestProcessingError, **fields: Any) -> dict[str, Any]:
    """Return the document of a phase that failed."""
    document = {"phase": phase, "guest": guest, "outcome": "failed", "changes": [], "warnings": []}
    return document | fields | {"error": error.as_dict()}
