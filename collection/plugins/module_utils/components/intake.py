# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a request from standard input: a header line with lengths and sums, the request, and the payload."""

from __future__ import annotations

from typing import BinaryIO

LIMIT = 64 << 20


def read(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """Return the request and the payload; None where they are damaged, cut off or not ours."""
    import hashlib

    words = stream.readline(512).split()
    if len(words) != 5 or words[0] != b"GUESTWRIGHT1" or not (words[1] + words[2]).isdigit():
        return None
    lengths = int(words[1]), int(words[2])
    if max(lengths) > LIMIT:
        return None
    request, payload = stream.read(lengths[0]), stream.read(lengths[1])
    sums = hashlib.sha256(request).hexdigest(), hashlib.sha256(payload).hexdigest()
    if (len(request), len(payload)) != lengths or sums != (words[3].decode(), words[4].decode()):
        return None
    return request, payload
