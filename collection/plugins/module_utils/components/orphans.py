# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions whose controller is gone."""

from __future__ import annotations

from typing import Any


def orphans(request: dict[str, Any]) -> dict[str, Any]:
    """List sessions, and remove those that nobody owns any more."""
    raise NotImplementedError
