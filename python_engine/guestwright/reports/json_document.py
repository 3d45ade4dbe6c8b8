"""The result as JSON, as `guestwright schema result` describes it."""

from __future__ import annotations

import json

from guestwright.results.model import Result, as_document


def render(result: Result) -> str:
    """Return the result's document, indented, in a stable order of keys, ASCII only so that any program reads it."""
    return json.dumps(as_document(result), indent=2) + "\n"
