# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepares a guest: walks the decision ladder, and deploys the runtime components where it ends there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.guestwright.components.plugins.module_utils.method import Decision, Fact
from ansible_collections.guestwright.components.plugins.plugin_utils import bundle
from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError, LinkError
from ansible_collections.guestwright.components.plugins.plugin_utils.guest import Guest
from ansible_collections.guestwright.components.plugins.plugin_utils.ladder import Found, partial_trace, walk
from ansible_collections.guestwright.components.plugins.plugin_utils.phase import (
    SESSION_OPTIONS,
    failure,
    guest_arguments,
    host_name,
    open_own_guest,
    options_of,
    place_of,
    result_of,
    settings_of,
    stopwatch,
)
from ansible_collections.guestwright.components.plugins.plugin_utils.settings import Settings

OPTIONS = SESSION_OPTIONS | {"tombstone": {"type": "path"}}

# Ansible loads an action before it forks its workers: what is built here is built once, for all guests.
bundle.zipapp()


class _AdminRoute:
    """Answers the ladder's questions over the admin route with one exec, which deploys where nothing is installed."""

    def __init__(self, guest: Guest, settings: Settings, tombstone: str | None, *, check: bool) -> None:
        self._guest = guest
        self._settings = settings
        self._tombstone = tombstone
        self._check = check
        self.answer: dict[str, Any] = {}
        self.reached = False

    def is_open(self) -> Found:
        """Send the request; the route is open where the guest answers."""
        if self._tombstone and Path(self._tombstone).exists():
            raise GuestProcessingError(
                "run_ended", "this run was cleaned up in the meantime, so nothing is deployed for it; start a new one"
            )
        arguments = guest_arguments(self._settings)
        try:
            if self._check:
                self.answer = self._guest.carried(
                    "probe", arguments | {"file_systems": list(self._settings.file_systems)}
                )
            else:
                self.answer = self._guest.carried("prepare", arguments)
        except LinkError as error:
            if error.code == "link_lost":
                raise
            return Found(False, error.message)
        except GuestProcessingError:
            self.reached = True
            raise
        self.reached = True
        return Found(True)

    def is_required_installed(self) -> Found:
        """Tell whether every required persistent component is on the guest already."""
        return Found(set(self._settings.required_components) <= set(self.answer.get("installed") or ()))

    def facts(self) -> dict[Fact, bool]:
        """Return what is known after an error."""
        return {Fact.ADMIN_OPEN: True} if self.reached else {}


class ActionModule(ActionBase):
    """The `guestwright.components.prepare` action; its documentation stands in the module of the same name."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Prepare the task's host."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        options = options_of(self, OPTIONS)
        settings = settings_of(self, options["settings"], variables)
        document, deployed = _prepare(self, variables, options, settings)
        result = result_of(document, changed=deployed)
        if self._task.diff and deployed:
            result["diff"] = {"before": "", "after": f"{_place(options['session'])}\n"}
        return result


def _prepare(
    action: ActionBase, variables: Mapping[str, Any], options: Mapping[str, Any], settings: Settings
) -> tuple[dict[str, Any], bool]:
    """Return the result document, and whether something was (in check mode: would be) deployed."""
    name = host_name(variables)
    seconds = stopwatch()
    if not settings.enabled:
        return _document(name, "skipped", seconds=seconds(), warnings=[]), False
    try:
        guest = open_own_guest(action, variables, options["session"], settings.guest_reconnects)
    except GuestProcessingError as error:
        return failure("prepare", name, error, **_undecided(settings, {}), reconnects=0, seconds=seconds()), False
    check = bool(action._task.check_mode)
    tombstone = place_of(action, options["tombstone"]) if options["tombstone"] else None
    route = _AdminRoute(guest, settings, tombstone, check=check)
    try:
        decision = walk(
            settings, {Fact.ADMIN_OPEN: route.is_open, Fact.REQUIRED_INSTALLED: route.is_required_installed}
        )
    except GuestProcessingError as error:
        undecided = _undecided(settings, route.facts())
        return failure("prepare", name, error, **undecided, reconnects=guest.reconnects, seconds=seconds()), False
    return _decided(name, decision, route.answer, options["session"], guest.reconnects, seconds(), check=check)


def _decided(
    name: str,
    decision: Decision,
    answer: Mapping[str, Any],
    session: str,
    reconnects: int,
    seconds: float,
    *,
    check: bool,
) -> tuple[dict[str, Any], bool]:
    fields = {
        "method": decision.method,
        "route": decision.route,
        "trace": [step.as_dict() for step in decision.trace],
        "reconnects": reconnects,
        "seconds": seconds,
    }
    if decision.method != "runtime":
        return failure("prepare", name, _why_not(decision), **fields), False
    deploys = not answer.get("present", False) if check else bool(answer.get("changed"))
    refused = [f"{refusal['message']}" for refusal in answer.get("refused") or ()]
    changes = [f"deploy the runtime components as {_place(session)}"] if deploys else []
    return _document(name, "prepared", **fields, changes=changes, warnings=refused), deploys


def _why_not(decision: Decision) -> GuestProcessingError:
    if decision.method == "persistent":
        return GuestProcessingError("unsupported_method", "this version cannot use persistent components yet")
    last = decision.trace[-1] if decision.trace else None
    admin = next((step for step in decision.trace if step.question == "admin route open?"), None)
    if admin is not None and admin.answer == "no" and admin.why:
        return GuestProcessingError("no_route", f"{decision.reason}: {admin.why}")
    no_route = last is not None and last.question.startswith(("hypervisor", "Installer"))
    installed = any(step.question.startswith("required") and step.answer == "yes" for step in decision.trace)
    code = "no_route" if no_route and not installed else "method_fails"
    because = f" ({last.why})" if last is not None and last.why else ""
    return GuestProcessingError(code, f"{decision.reason}{because}")


def _undecided(settings: Settings, facts: dict[Fact, bool]) -> dict[str, Any]:
    trace = [step.as_dict() for step in partial_trace(settings, facts)]
    return {"method": "fails", "route": None, "trace": trace}


def _document(name: str, outcome: str, **fields: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "phase": "prepare",
        "guest": name,
        "outcome": outcome,
        "method": None,
        "route": None,
        "trace": [],
        "reconnects": 0,
        "changes": [],
        "error": None,
    }
    return document | fields


def _place(session: str) -> str:
    return f"/run/guestwright/{session}/guestwright.pyz"
