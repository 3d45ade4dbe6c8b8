"""What a phase returned for a guest, as one live line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guestwright.reports.console import progress_line
from guestwright.results.documents import PhaseEvent


def event_line(phase: str, event: PhaseEvent, done: int, total: int) -> str:
    """Return the line for one event; `done` of `total` guests have ended the phase."""
    document = event.document
    if document is None:
        return progress_line(phase, event.guest, "failed", None, done, total, event.message)
    took = document.get("seconds")
    seconds = sum(took.values()) if isinstance(took, Mapping) else took
    own_phase = str(document["phase"])
    return progress_line(own_phase, event.guest, str(document["outcome"]), seconds, done, total, _detail(document))


def _detail(document: Mapping[str, Any]) -> str:
    if error := document.get("error"):
        return f"{error['code']}: {error['message']}"
    if document.get("method") and document.get("route"):
        return f"{document['method']} over {document['route']}"
    parts = []
    if freeze := document.get("freeze"):
        parts.append(f"frozen for {freeze['seconds']:.2f} s" + ("" if freeze["held"] else ", not held"))
    if "consistency" in document:
        parts.append(f"consistency {document['consistency']}")
    return ", ".join([*parts, *document.get("warnings", ())])
