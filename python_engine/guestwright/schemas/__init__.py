"""The JSON Schemas (draft-07) of every file that guestwright reads or writes: the one source for checks and docs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

NAMES = ("job", "plan", "result", "assumptions")
"""What `guestwright schema` can print."""


def schema_text(name: str) -> str:
    """Return a schema as it is shipped: indented JSON that ends in a newline.

    Raises:
        ValueError: no schema has this name.
    """
    if name not in NAMES:
        raise ValueError(f"there is no schema {name!r}; there are {', '.join(NAMES)}")
    return files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")


@cache
def load_schema(name: str) -> Mapping[str, Any]:
    """Return a schema as data, read once; nobody may change it.

    Raises:
        ValueError: no schema has this name.
    """
    schema: dict[str, Any] = json.loads(schema_text(name))
    return schema
