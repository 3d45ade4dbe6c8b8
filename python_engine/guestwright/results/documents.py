"""What the actions of a phase returned, read from runner events: pure (events in, values out)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DOCUMENT_KEY = "guestwright"


@dataclass(frozen=True)
class PhaseEvent:
    """What one task returned for one guest.

    Attributes:
        guest: its inventory name.
        document: what our action returned under `guestwright`; None where the task failed before it could.
        message: Ansible's own message where there is no document.
        unreachable: Ansible could not reach the guest (our own actions never say so).
        difference: with `--diff`, what the task changes on the guest, as a unified difference.
    """

    guest: str
    document: Mapping[str, Any] | None
    message: str = ""
    unreachable: bool = False
    difference: str = ""


def phase_events(event: Mapping[str, Any]) -> Iterator[PhaseEvent]:
    """Yield one entry per guest that an event tells of; a job group's document is taken apart.

    A failure without a document (a template that does not resolve, a plugin that cannot be loaded) is an entry too, so
    that no guest is lost. What the rescue's own tasks say repeats the failure and is left out.
    """
    name = event.get("event", "")
    if not name.startswith("runner_on_"):
        return
    data = event.get("event_data", {})
    result = data.get("res") or {}
    document = result.get(DOCUMENT_KEY)
    if isinstance(document, Mapping):
        guests = document.get("guests")
        if isinstance(guests, Mapping):
            for guest, own in guests.items():
                yield PhaseEvent(guest, {"phase": document["phase"], **own})
        else:
            yield PhaseEvent(data["host"], document, difference=_difference(result.get("diff")))
    elif name == "runner_on_unreachable" or (name == "runner_on_failed" and _is_ours(data)):
        message = str(result.get("msg") or "the task failed without saying why")
        yield PhaseEvent(data["host"], None, message, unreachable=name == "runner_on_unreachable")


def _difference(diff: object) -> str:
    if not isinstance(diff, Mapping):
        return ""
    before, after = (str(diff.get(side, "")).splitlines(keepends=True) for side in ("before", "after"))
    return "".join(difflib.unified_diff(before, after, "before", "after"))


def _is_ours(data: Mapping[str, Any]) -> bool:
    return str(data.get("task_action", "")).startswith("guestwright.components.")
