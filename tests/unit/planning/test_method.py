"""The two trees of domain.md section 2, leaf by leaf: written down here a second time, as tables."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from ansible_collections.guestwright.components.plugins.module_utils.method import Fact, decide

ADMIN = "admin route open?"
SERVICE = "Installer Service reachable?"
INSTALLED = "required persistent component installed?"
HYPERVISOR = "hypervisor route open?"
CERTIFICATES = "certificates valid?"
COMPONENT = "required component installed?"

FACTS = {
    "admin": Fact.ADMIN_OPEN,
    "service": Fact.INSTALLER_SERVICE_OPEN,
    "hypervisor": Fact.HYPERVISOR_OPEN,
    "certificates": Fact.CERTIFICATES_VALID,
    "installed": Fact.REQUIRED_INSTALLED,
}


def facts(text: str) -> dict[Fact, bool]:
    """`+admin -installed` are an open route and a component that is not there; what is not named is not known."""
    return {FACTS[word[1:]]: word[0] == "+" for word in text.split()}


def steps(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    return list(pairs)


YES, NO, UNKNOWN = "yes", "no", "unknown"

RUNTIME_WANTED = [
    # the admin route is open
    ("+admin -installed", "runtime", "admin", steps((ADMIN, YES), (INSTALLED, NO))),
    ("+admin -installed +service +certificates +hypervisor", "runtime", "admin", steps((ADMIN, YES), (INSTALLED, NO))),
    (
        "+admin +installed +service +certificates",
        "persistent",
        "installer_service",
        steps((ADMIN, YES), (INSTALLED, YES), (SERVICE, YES)),
    ),
    ("+admin +installed -service +hypervisor", "fails", None, steps((ADMIN, YES), (INSTALLED, YES), (SERVICE, NO))),
    (
        "+admin +installed +service -certificates +hypervisor",
        "fails",
        None,
        steps((ADMIN, YES), (INSTALLED, YES), (SERVICE, NO)),
    ),
    # it is closed, and the Installer Service is reachable
    (
        "-admin +service +certificates +installed",
        "persistent",
        "installer_service",
        steps((ADMIN, NO), (SERVICE, YES), (INSTALLED, YES)),
    ),
    (
        "-admin +service +certificates -installed +hypervisor",
        "runtime",
        "hypervisor",
        steps((ADMIN, NO), (SERVICE, YES), (INSTALLED, NO), (HYPERVISOR, YES)),
    ),
    (
        "-admin +service +certificates -installed -hypervisor",
        "fails",
        None,
        steps((ADMIN, NO), (SERVICE, YES), (INSTALLED, NO), (HYPERVISOR, NO)),
    ),
    # both are closed
    (
        "-admin -service +installed +hypervisor",
        "runtime",
        "hypervisor",
        steps((ADMIN, NO), (SERVICE, NO), (HYPERVISOR, YES)),
    ),
    ("-admin -service -hypervisor", "fails", None, steps((ADMIN, NO), (SERVICE, NO), (HYPERVISOR, NO))),
    (
        "-admin +service -certificates +installed +hypervisor",
        "runtime",
        "hypervisor",
        steps((ADMIN, NO), (SERVICE, NO), (HYPERVISOR, YES)),
    ),
    (
        "-admin +service -certificates +installed -hypervisor",
        "fails",
        None,
        steps((ADMIN, NO), (SERVICE, NO), (HYPERVISOR, NO)),
    ),
    # facts are missing: the walk ends at the first question that nobody has answered
    ("", "unknown", None, steps((ADMIN, UNKNOWN))),
    ("+service +certificates +installed +hypervisor", "unknown", None, steps((ADMIN, UNKNOWN))),
    ("+admin", "unknown", None, steps((ADMIN, YES), (INSTALLED, UNKNOWN))),
    ("+admin +installed", "unknown", None, steps((ADMIN, YES), (INSTALLED, YES), (SERVICE, UNKNOWN))),
    ("+admin +installed +service", "unknown", None, steps((ADMIN, YES), (INSTALLED, YES), (SERVICE, UNKNOWN))),
    ("-admin", "unknown", None, steps((ADMIN, NO), (SERVICE, UNKNOWN))),
    ("-admin +service", "unknown", None, steps((ADMIN, NO), (SERVICE, UNKNOWN))),
    ("-admin +service +certificates", "unknown", None, steps((ADMIN, NO), (SERVICE, YES), (INSTALLED, UNKNOWN))),
    ("-admin -service", "unknown", None, steps((ADMIN, NO), (SERVICE, NO), (HYPERVISOR, UNKNOWN))),
    (
        "-admin +service +certificates -installed",
        "unknown",
        None,
        steps((ADMIN, NO), (SERVICE, YES), (INSTALLED, NO), (HYPERVISOR, UNKNOWN)),
    ),
]

PERSISTENT_WANTED = [
    (
        "+service +certificates +installed",
        "persistent",
        "installer_service",
        steps((SERVICE, YES), (CERTIFICATES, YES), (COMPONENT, YES)),
    ),
    (
        "+service +certificates -installed",
        "persistent",
        "installer_service",
        steps((SERVICE, YES), (CERTIFICATES, YES), (COMPONENT, NO)),
    ),
    ("+service -certificates +installed +hypervisor", "fails", None, steps((SERVICE, YES), (CERTIFICATES, NO))),
    (
        "-service +hypervisor +certificates +installed",
        "persistent",
        "hypervisor",
        steps((SERVICE, NO), (HYPERVISOR, YES), (CERTIFICATES, YES), (COMPONENT, YES)),
    ),
    (
        "-service +hypervisor +certificates -installed",
        "persistent",
        "hypervisor",
        steps((SERVICE, NO), (HYPERVISOR, YES), (CERTIFICATES, YES), (COMPONENT, NO)),
    ),
    (
        "-service +hypervisor -certificates",
        "fails",
        None,
        steps((SERVICE, NO), (HYPERVISOR, YES), (CERTIFICATES, NO)),
    ),
    ("-service -hypervisor", "fails", None, steps((SERVICE, NO), (HYPERVISOR, NO))),
    ("+admin -service -hypervisor +certificates +installed", "fails", None, steps((SERVICE, NO), (HYPERVISOR, NO))),
    ("", "unknown", None, steps((SERVICE, UNKNOWN))),
    ("+admin -installed", "unknown", None, steps((SERVICE, UNKNOWN))),
    ("+service", "unknown", None, steps((SERVICE, YES), (CERTIFICATES, UNKNOWN))),
    ("+service +certificates", "unknown", None, steps((SERVICE, YES), (CERTIFICATES, YES), (COMPONENT, UNKNOWN))),
    ("-service", "unknown", None, steps((SERVICE, NO), (HYPERVISOR, UNKNOWN))),
    ("-service +hypervisor", "unknown", None, steps((SERVICE, NO), (HYPERVISOR, YES), (CERTIFICATES, UNKNOWN))),
]


def assert_decided(
    known: str, method: str, route: str | None, trace: list[tuple[str, str]], settings: dict[str, Any]
) -> None:
    decision = decide(facts(known), **settings)
    assert (decision.method, decision.route) == (method, route)
    assert [(answer.question, answer.answer) for answer in decision.trace] == trace
    assert (decision.missing is None) == (method != "unknown")
    assert decision.reason


@pytest.mark.parametrize(("known", "method", "route", "trace"), RUNTIME_WANTED)
def test_runtime_wanted(known: str, method: str, route: str | None, trace: list[tuple[str, str]]) -> None:
    assert_decided(known, method, route, trace, {})


@pytest.mark.parametrize("settings", [{"use_persistent_guest_agent": True}, {"method": "persistent_only"}])
@pytest.mark.parametrize(("known", "method", "route", "trace"), PERSISTENT_WANTED)
def test_persistent_wanted(
    known: str, method: str, route: str | None, trace: list[tuple[str, str]], settings: dict[str, Any]
) -> None:
    assert_decided(known, method, route, trace, settings)


@pytest.mark.parametrize(("known", "method", "route", "trace"), RUNTIME_WANTED)
def test_runtime_only_fails_where_the_tree_ends_with_the_persistent_method(
    known: str, method: str, route: str | None, trace: list[tuple[str, str]]
) -> None:
    decision = decide(facts(known), method="runtime_only", use_persistent_guest_agent=True)
    if (INSTALLED, YES) in trace:
        assert (decision.method, decision.route) == ("fails", None)
        assert "runtime_only" in decision.reason
    elif route == "hypervisor" and INSTALLED not in dict(trace):
        assert [(answer.question, answer.answer) for answer in decision.trace[:-1]] == trace
        assert decision.trace[-1].question == INSTALLED
    else:
        assert (decision.method, decision.route) == (method, route)
        assert [(answer.question, answer.answer) for answer in decision.trace] == trace


@pytest.mark.parametrize(
    ("known", "method", "route"),
    [("+installed", "fails", None), ("-installed", "runtime", "hypervisor"), ("", "unknown", None)],
)
def test_runtime_only_asks_over_the_hypervisor_too(known: str, method: str, route: str | None) -> None:
    decision = decide(facts(f"-admin -service +hypervisor {known}".strip()), method="runtime_only")
    assert (decision.method, decision.route) == (method, route)


# The trees once more, as data: (question, its facts, where yes leads, where no leads).
Tree = tuple[str, tuple[str, ...], Any, Any]
_THEN_HYPERVISOR: Tree = (HYPERVISOR, ("hypervisor",), ("runtime", "hypervisor"), ("fails", None))
_USE_AGENT = ("persistent", "installer_service")
RUNTIME_TREE: Tree = (
    ADMIN,
    ("admin",),
    (
        INSTALLED,
        ("installed",),
        (SERVICE, ("service", "certificates"), _USE_AGENT, ("fails", None)),
        ("runtime", "admin"),
    ),
    (SERVICE, ("service", "certificates"), (INSTALLED, ("installed",), _USE_AGENT, _THEN_HYPERVISOR), _THEN_HYPERVISOR),
)


def _agent_over(route: str) -> Tree:
    component: Tree = (COMPONENT, ("installed",), ("persistent", route), ("persistent", route))
    return (CERTIFICATES, ("certificates",), component, ("fails", None))


PERSISTENT_TREE: Tree = (
    SERVICE,
    ("service",),
    _agent_over("installer_service"),
    (HYPERVISOR, ("hypervisor",), _agent_over("hypervisor"), ("fails", None)),
)
ROUTE_WORDS = {"admin": "admin", "installer_service": "service", "hypervisor": "hypervisor"}


def walk(tree: Any, known: dict[str, bool | None]) -> tuple[str, str | None, list[tuple[str, str]]]:
    trace: list[tuple[str, str]] = []
    while len(tree) == 4:
        question, needed, yes, no = tree
        values = [known[name] for name in needed]
        answer = NO if False in values else UNKNOWN if None in values else YES
        trace.append((question, answer))
        if answer == UNKNOWN:
            return "unknown", None, trace
        tree = yes if answer == YES else no
    return tree[0], tree[1], trace


@pytest.mark.parametrize(
    "routes",
    [
        routes
        for size in range(4)
        for routes in itertools.combinations(("admin", "installer_service", "hypervisor"), size)
    ],
)
@pytest.mark.parametrize(("persistent", "tree"), [(False, RUNTIME_TREE), (True, PERSISTENT_TREE)])
def test_every_set_of_facts_and_routes_leads_where_the_tree_leads(
    persistent: bool, tree: Tree, routes: tuple[str, ...]
) -> None:
    closed = [word for route, word in ROUTE_WORDS.items() if route not in routes]
    for values in itertools.product((True, False, None), repeat=len(FACTS)):
        known = dict(zip(FACTS, values, strict=True))
        given = {FACTS[name]: value for name, value in known.items() if value is not None}
        decision = decide(given, use_persistent_guest_agent=persistent, routes=routes)
        expected = walk(tree, known | dict.fromkeys(closed, False))
        assert (
            decision.method,
            decision.route,
            [(answer.question, answer.answer) for answer in decision.trace],
        ) == expected, f"{known} over {routes}"


def test_a_route_that_the_job_does_not_allow_says_so() -> None:
    decision = decide(facts("+admin -service -hypervisor"), routes=("installer_service",))
    assert decision.trace[0].as_dict() == {
        "question": ADMIN,
        "answer": "no",
        "why": "the job does not allow the route",
    }


def test_only_the_first_run_installs_what_is_missing() -> None:
    assert decide(facts("+service +certificates -installed"), use_persistent_guest_agent=True).install
    assert not decide(facts("+service +certificates +installed"), use_persistent_guest_agent=True).install


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="'both'"):
        decide({}, method="both")
