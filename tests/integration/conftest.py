"""Tests on real parts, each by itself: the lab, the guest program, the collection."""

from __future__ import annotations

from labs import lab

__all__ = ["lab"]
