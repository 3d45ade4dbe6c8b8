# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision ladder: by which method and over which route a guest is processed (domain.md section 2).

One pure function, `decide`, is used by `guestwright plan` and by the run alike, so that both give the same answer
for the same facts. A fact that is not known yet stops the walk: the decision then says which question is open,
and the caller either leaves it open (plan) or answers it on the wire and asks again (run).
"""

from __future__ import annotations

import dataclasses
import enum


class Fact(str, enum.Enum):
    """What can be known of a guest. Every fact is true, false or not known (absent)."""

    ADMIN_OPEN = "admin_open"
    INSTALLER_SERVICE_OPEN = "installer_service_open"
    HYPERVISOR_OPEN = "hypervisor_open"
    CERTIFICATES_VALID = "certificates_valid"
    REQUIRED_INSTALLED = "required_installed"


ROUTES = ("admin", "installer_service", "hypervisor")
ROUTE_FACTS = {
    "admin": Fact.ADMIN_OPEN,
    "installer_service": Fact.INSTALLER_SERVICE_OPEN,
    "hypervisor": Fact.HYPERVISOR_OPEN,
}

METHODS = ("automatic", "runtime_only", "persistent_only")


@dataclasses.dataclass(frozen=True)
class Answer:
    """One step of a trace: the question asked, and `yes`, `no` or `unknown`."""

    question: str
    answer: str
    why: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the step as it stands in a plan or a result; an empty `why` is left out."""
        step = {"question": self.question, "answer": self.answer}
        if self.why:
            step["why"] = self.why
        return step


@dataclasses.dataclass(frozen=True)
class Decision:
    """Where the ladder ended.

    Attributes:
        method: `runtime`, `persistent`, `fails`, or `unknown` where a fact is missing.
        route: `admin`, `installer_service` or `hypervisor`; None where the method is `fails` or `unknown`.
        trace: the questions in the order in which they were asked.
        missing: the fact that the last question needs; None where the walk reached a leaf.
        install: the Installer Service has to install the required component first.
        reason: one sentence for people: why it ended here.
    """

    method: str
    route: str | None
    trace: tuple[Answer, ...]
    missing: Fact | None = None
    install: bool = False
    reason: str = ""


class _OpenQuestionError(Exception):
    """The walk came to a question whose fact is not known."""

    def __init__(self, fact: Fact) -> None:
        super().__init__(fact.value)
        self.fact = fact


class _Walk:
    """One walk through a tree: answers the questions from the facts and keeps the trace."""

    def __init__(self, facts: dict[Fact, bool], routes: tuple[str, ...]) -> None:
        self._facts = facts
        self._routes = routes
        self.trace: list[Answer] = []

    def ask(self, question: str, *facts: Fact) -> bool:
        """Answer a question that is true where all its facts are; the first false one decides, before unknown ones."""
        for fact in facts:
            if self._facts.get(fact) is False:
                return self._answer(question, "no", _WHY_NO.get(fact, "") if len(facts) > 1 else "")
        for fact in facts:
            if fact not in self._facts:
                self._answer(question, "unknown")
                raise _OpenQuestionError(fact)
        return self._answer(question, "yes")

    def ask_route(self, route: str, question: str, *more: Fact) -> bool:
        """Answer whether a route is open; a route that the job does not allow counts as closed."""
        if route not in self._routes:
            return self._answer(question, "no", "the job does not allow the route")
        return self.ask(question, ROUTE_FACTS[route], *more)

    def _answer(self, question: str, answer: str, why: str = "") -> bool:
        self.trace.append(Answer(question, answer, why))
        return answer == "yes"

    def leaf(self, method: str, route: str | None, reason: str, install: bool = False) -> Decision:
        """End the walk."""
        return Decision(method, route, tuple(self.trace), install=install, reason=reason)


_WHY_NO = {
    Fact.CERTIFICATES_VALID: "its certificates are not valid",
    Fact.INSTALLER_SERVICE_OPEN: "its port is closed",
}


def decide(
    facts: dict[Fact, bool],
    *,
    use_persistent_guest_agent: bool = False,
    method: str = "automatic",
    routes: tuple[str, ...] = ROUTES,
) -> Decision:
    """Walk the tree that the job's settings select, as far as the facts lead.

    Args:
        facts: what is known; an absent key is not known.
        use_persistent_guest_agent: selects the second tree (persistent wanted).
        method: `automatic`, or strictly `runtime_only` or `persistent_only` (design.md section 2).
        routes: the routes that the job allows; it limits them and never reorders them.

    Returns:
        the decision; `unknown` with the open question last in its trace where a fact is missing.

    Raises:
        ValueError: `method` is none of the three.
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}, not one of {', '.join(METHODS)}")
    walk = _Walk(facts, routes)
    persistent_wanted = method == "persistent_only" or (use_persistent_guest_agent and method == "automatic")
    try:
        if persistent_wanted:
            return _persistent_wanted(walk)
        return _runtime_wanted(walk, strict=method == "runtime_only")
    except _OpenQuestionError as open_question:
        return Decision(
            "unknown",
            None,
            tuple(walk.trace),
            missing=open_question.fact,
            reason="it depends on what is found on the guest",
        )


def _runtime_wanted(walk: _Walk, strict: bool) -> Decision:
    """Domain.md section 2, option off: runtime components, unless a persistent one is already there."""
    if walk.ask_route("admin", "admin route open?"):
        if not walk.ask("required persistent component installed?", Fact.REQUIRED_INSTALLED):
            return walk.leaf("runtime", "admin", "runtime components are deployed over the admin route")
        if strict:
            return walk.leaf("fails", None, _STRICT)
        if walk.ask_route("installer_service", "Installer Service reachable?", Fact.CERTIFICATES_VALID):
            return walk.leaf("persistent", "installer_service", "a persistent component is installed, so it is used")
        return walk.leaf(
            "fails", None, "a persistent component is installed, but its Installer Service is not reachable"
        )
    reachable = walk.ask_route("installer_service", "Installer Service reachable?", Fact.CERTIFICATES_VALID)
    if reachable and walk.ask("required persistent component installed?", Fact.REQUIRED_INSTALLED):
        if strict:
            return walk.leaf("fails", None, _STRICT)
        return walk.leaf(
            "persistent",
            "installer_service",
            "only the Installer Service is open, and the component is installed",
        )
    if walk.ask_route("hypervisor", "hypervisor route open?"):
        # The tree does not ask it on this way, but runtime_only fails wherever the component is (design.md section 2).
        if strict and not reachable and walk.ask("required persistent component installed?", Fact.REQUIRED_INSTALLED):
            return walk.leaf("fails", None, _STRICT)
        return walk.leaf("runtime", "hypervisor", "runtime components go into the guest's temp over the hypervisor")
    return walk.leaf("fails", None, "no route to the guest is open")


_STRICT = "method is runtime_only, but a required persistent component is installed; uninstall it or choose automatic"


def _persistent_wanted(walk: _Walk) -> Decision:
    """Domain.md section 2, option on: the admin route is never used and nothing non-persistent is deployed."""
    route = "installer_service"
    if not walk.ask_route("installer_service", "Installer Service reachable?"):
        route = "hypervisor"
        if not walk.ask_route("hypervisor", "hypervisor route open?"):
            return walk.leaf("fails", None, "neither the Installer Service nor the hypervisor route is open")
    if not walk.ask("certificates valid?", Fact.CERTIFICATES_VALID):
        return walk.leaf("fails", None, "the certificates between backup server and guest are not valid")
    if walk.ask("required component installed?", Fact.REQUIRED_INSTALLED):
        return walk.leaf("persistent", route, "the required persistent component is installed")
    return walk.leaf("persistent", route, "the Installer Service installs the required component first", install=True)
