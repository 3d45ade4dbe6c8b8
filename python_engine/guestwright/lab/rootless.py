"""A lab of an ordinary user, in a user namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from guestwright.lab.state import Lab

LIMITS: Final = ["x"]


def lower_folders(lab: Lab) -> Sequence[tuple[str, str]]:
    """Return the overlays of a guest's tree."""
    raise NotImplementedError(lab.name)


def remove(lab: Lab) -> None:
    """Remove what only a rootless lab has."""
