# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of guest processing: a stable code for programs, a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class GuestProcessingError(Exception):
    """Guest processing of one guest went wrong.

    Attributes:
        code: a stable identifier in snake_case, such as `no_route` or `freeze_expired`.
        message: what went wrong and what to do about it.
        details: what the guest came to nevertheless; empty where it said nothing.
    """

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = dict(details or {})

    def as_dict(self) -> dict[str, str]:
        """Return the error as it stands in a task's result."""
        return {"code": self.code, "message": self.message}


class LinkError(GuestProcessingError):
    """The link to the guest broke and the reconnects are used up: `no_route` or `link_lost` (domain.md section 5)."""
