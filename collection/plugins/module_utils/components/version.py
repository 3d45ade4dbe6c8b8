# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of the runtime components; a guest tells it in every answer to `status`."""

from __future__ import annotations

VERSION = "0.1.0"
PROTOCOL = 1
