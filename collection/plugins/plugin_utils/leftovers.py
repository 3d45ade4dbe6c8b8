# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found of ours on a guest after its removal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError


def leftovers_in(answer: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the leftovers that a guest's answer lists."""
    return [{"kind": str(item["kind"]), "path": str(item["path"])} for item in answer.get("leftovers") or ()]


def leftovers_error(leftovers: Sequence[Mapping[str, str]]) -> GuestProcessingError:
    """Return the error that names them."""
    names = ", ".join(f"{item['kind']} {item['path']}" for item in leftovers)
    return GuestProcessingError("leftovers", f"still on the guest after the removal: {names}")
