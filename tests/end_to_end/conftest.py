"""Fixtures of the end-to-end tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from controllers import Controller
from labs import TestLab, lab

__all__ = ["lab"]


@pytest.fixture
def controller(lab: Callable[..., TestLab], tmp_path: Path) -> Iterator[Controller]:
    """Return a backup server with three guests with an ext4 at /srv; their links are mended after the test."""
    guests = lab(linux=3)
    yield Controller(guests, tmp_path)
    for guest in guests.guests:
        guests.fault(guest, "up")
