# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a request from standard input: a header line with lengths and sums, the request, and the payload."""

from __future__ import annotations

from typing import BinaryIO

try:
    # Cheaper to load than OpenSSL's, and a request is small.
    from _sha256 import sha256 as _sha256  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha256 as _sha256

LIMIT = 64 << 20


def read(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """Return the request and the payload; None where they are damaged, cut off or not ours."""
    words = stream.readline(512).split()
    if len(words) != 5 or words[0] != b"GUESTWRIGHT1" or not (words[1] + words[2]).isdigit():
        return None
    lengths = int(words[1]), int(words[2])
    if max(lengths) > LIMIT:
        return None
    request, payload = stream.read(lengths[0]), stream.read(lengths[1])
    sums = [_sha256(part).hexdigest().encode() for part in (request, payload)]
    if (len(request), len(payload)) != lengths or sums != words[3:]:
        return None
    return request, payload
