# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Freezing and thawing one file system by its descriptor."""

from __future__ import annotations

import errno
import fcntl
import os

FIFREEZE = 0xC0045877
FITHAW = 0xC0045878


def open_mount(path: str, device: str) -> int:
    """Open a mount point for freezing.

    Raises:
        OSError: it cannot be opened, or another file system is mounted there by now (ESTALE).
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    if device_of(os.fstat(descriptor).st_dev) != device and not _is_listed(path, device):
        os.close(descriptor)
        raise OSError(errno.ESTALE, "another file system is mounted there now", path)
    return descriptor


def device_of(number: int) -> str:
    """Return a device number as mountinfo writes it."""
    return f"{os.major(number)}:{os.minor(number)}"


def _is_listed(path: str, device: str) -> bool:
    """Tell whether mountinfo has the device there: btrfs shows another number in stat than in mountinfo."""
    from . import mounts

    mount = mounts.holding(path, mounts.current())
    return mount is not None and mount.path == path and mount.device == device


def freeze(descriptor: int) -> None:
    """Freeze; blocks until all that was written is on disk."""
    fcntl.ioctl(descriptor, FIFREEZE, 0)


def thaw(descriptor: int) -> bool:
    """Thaw, and return whether it was still frozen."""
    try:
        fcntl.ioctl(descriptor, FITHAW, 0)
    except OSError as error:
        if error.errno == errno.EINVAL:
            return False
        raise
    return True
