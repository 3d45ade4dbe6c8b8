# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision ladder of a run: walks the same tree as the plan, and answers its open questions on the wire."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ansible_collections.guestwright.components.plugins.module_utils.method import Answer, Decision, Fact, decide
from ansible_collections.guestwright.components.plugins.plugin_utils.settings import Settings


@dataclass(frozen=True)
class Found:
    """What a probe found out.

    Attributes:
        answer: yes or no.
        why: why it is no; empty where the answer says it all.
    """

    answer: bool
    why: str = ""


Probe = Callable[[], Found]

NO_TRANSPORT: Mapping[Fact, Found] = {
    Fact.INSTALLER_SERVICE_OPEN: Found(False, "this version has no transport for the Installer Service route"),
    Fact.CERTIFICATES_VALID: Found(False, "this version has no transport for the Installer Service route"),
    Fact.HYPERVISOR_OPEN: Found(False, "this version has no transport for the hypervisor route"),
}
"""The routes that cannot be used yet; a route that comes later brings a probe of its own in their place."""


def walk(settings: Settings, probes: Mapping[Fact, Probe]) -> Decision:
    """Walk the tree that the settings select to its leaf.

    Args:
        settings: the guest's settings.
        probes: how to answer a question; each is called at most once, and only where the walk comes to its question.

    Returns:
        the decision, never `unknown`; its trace has the reasons of the probes that said no.
    """
    facts: dict[Fact, bool] = {}
    reasons: dict[str, str] = {}
    while True:
        decision = decide(
            facts,
            use_persistent_guest_agent=settings.use_persistent_guest_agent,
            method=settings.method,
            routes=settings.routes,
        )
        if decision.missing is None:
            return dataclasses.replace(decision, trace=tuple(_explained(step, reasons) for step in decision.trace))
        found = _find(decision.missing, probes)
        facts[decision.missing] = found.answer
        if not found.answer and found.why:
            reasons[decision.trace[-1].question] = found.why


def partial_trace(settings: Settings, facts: dict[Fact, bool]) -> tuple[Answer, ...]:
    """Return the trace as far as some facts lead, for a walk that an error ended."""
    return decide(
        facts,
        use_persistent_guest_agent=settings.use_persistent_guest_agent,
        method=settings.method,
        routes=settings.routes,
    ).trace


def _find(fact: Fact, probes: Mapping[Fact, Probe]) -> Found:
    probe = probes.get(fact)
    return probe() if probe else NO_TRANSPORT[fact]


def _explained(step: Answer, reasons: Mapping[str, str]) -> Answer:
    why = reasons.get(step.question, "")
    return dataclasses.replace(step, why=why) if step.answer == "no" and why else step
