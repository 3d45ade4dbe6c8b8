"""The ladder of a run answers like the ladder of a plan."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.guestwright.components.plugins.module_utils.method import Fact, decide
from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError
from ansible_collections.guestwright.components.plugins.plugin_utils.ladder import Found, partial_trace, walk
from ansible_collections.guestwright.components.plugins.plugin_utils.settings import Settings


@pytest.mark.parametrize("answers", list(itertools.product([True, False], repeat=len(Fact))))
@pytest.mark.parametrize("persistent", [True, False])
def test_a_run_decides_like_the_plan(answers: tuple[bool, ...], *, persistent: bool) -> None:
    facts = dict(zip(Fact, answers, strict=True))
    probes = {fact: (lambda answer=answer: Found(answer)) for fact, answer in facts.items()}
    settings = Settings(use_persistent_guest_agent=persistent)
    assert walk(settings, probes) == decide(facts, use_persistent_guest_agent=persistent)


def test_a_closed_route_says_why_and_routes_without_a_transport_are_closed() -> None:
    decision = walk(Settings(), {Fact.ADMIN_OPEN: lambda: Found(False, "no answer from port 22")})
    assert decision.method == "fails"
    assert [(step.question, step.answer) for step in decision.trace] == [
        ("admin route open?", "no"),
        ("Installer Service reachable?", "no"),
        ("hypervisor route open?", "no"),
    ]
    assert decision.trace[0].why == "no answer from port 22"
    assert all("no transport" in step.why for step in decision.trace[1:])


def test_a_question_is_asked_only_where_the_walk_comes_to_it() -> None:
    def never() -> Found:
        raise AssertionError("asked")

    decision = walk(Settings(use_persistent_guest_agent=True), {Fact.ADMIN_OPEN: never, Fact.REQUIRED_INSTALLED: never})
    assert decision.method == "fails"


def test_an_error_while_asking_ends_the_walk_and_its_trace_stays() -> None:
    def broken() -> Found:
        raise GuestProcessingError("not_root", "no")

    with pytest.raises(GuestProcessingError):
        walk(Settings(), {Fact.ADMIN_OPEN: broken})
    assert [step.answer for step in partial_trace(Settings(), {Fact.ADMIN_OPEN: True})] == ["yes", "unknown"]
