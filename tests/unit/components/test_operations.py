"""At most once: a repeat gets the first answer."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.guestwright.components.plugins.module_utils.components import operations, wire


def test_a_repeat_waits_for_the_first_and_gets_its_answer() -> None:
    store = operations.Operations()
    begun, go_on, runs = threading.Event(), threading.Event(), []
    answers = []

    def work() -> dict[str, int]:
        runs.append(1)
        begun.set()
        go_on.wait(5)
        return {"n": 1}

    threads = [threading.Thread(target=lambda: answers.append(store.run("a", "x", work))) for _ in range(3)]
    threads[0].start()
    assert begun.wait(5)
    assert store.running
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert answers == [wire.success("a", {"n": 1})] * 3
    assert runs == [1]
    assert not store.running


def test_an_id_may_not_ask_for_two_things() -> None:
    store = operations.Operations()
    store.run("a", "x", dict)
    with pytest.raises(wire.GuestError) as refused:
        store.run("a", "y", dict)
    assert refused.value.code == "operation_conflict"


def test_errors_are_stored_as_answers() -> None:
    store = operations.Operations()

    def refuse() -> dict[str, int]:
        raise wire.GuestError("busy", "later")

    def break_down() -> dict[str, int]:
        raise KeyError("x")

    assert store.run("a", "x", refuse)["error"]["code"] == "busy"
    assert store.run("b", "x", break_down)["error"] == {"code": "internal_error", "message": "KeyError: 'x'"}


def test_memory_is_bounded() -> None:
    store = operations.Operations(keep=3)
    runs = []
    for number in range(10):
        store.run(f"op-{number}", "x", dict)
    store.run("op-9", "x", lambda: runs.append(9) or {})
    store.run("op-0", "x", lambda: runs.append(0) or {})
    assert runs == [0]
