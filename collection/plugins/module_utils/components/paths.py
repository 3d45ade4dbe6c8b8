# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the components keep things on a guest, and how that is made safely."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator

from .wire import GuestError

BASE = "/run/guestwright"
REGISTRY = "/var/lib/guestwright/components.json"
ZIPAPP = "guestwright.pyz"
SOCKET = "helper.sock"
SETTINGS = "session.json"
FREEZE_RECORD = "freeze.json"
PREPARED = "prepared.json"
INTERPRETER_FLAGS = ("-E", "-s", "-S", "-B")


def session_directory(session: str) -> str:
    """Return the folder of a session; its name is checked before."""
    return f"{BASE}/{session}"


def inside(session: str, name: str) -> str:
    """Return the path of a file of a session."""
    return f"{BASE}/{session}/{name}"


def check_directory(path: str) -> None:
    """Refuse a folder that someone other than root could have made or could write to.

    Raises:
        GuestError: `unsafe_directory`.
        FileNotFoundError: it is not there.
    """
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022:
        raise GuestError(
            "unsafe_directory",
            f"{path} is not a folder of root's own that only root can write to; look who made it, and remove it",
        )


def make_directory(path: str) -> bool:
    """Make a folder of mode 0700, or check the one that is there; return whether it was made.

    Raises:
        GuestError: `unsafe_directory`.
    """
    made = True
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        made = False
    check_directory(path)
    return made


@contextlib.contextmanager
def locked(session: str, *, create: bool, timeout: float = 60.0) -> Iterator[bool]:
    """Hold a session's lock; the value is False where there is no such session and `create` is off.

    The lock is on the session's folder itself, so that no lock file is left behind. Who removes the folder holds the
    lock; who waited for it meanwhile holds a lock on nothing then, sees that, and begins again.

    Raises:
        GuestError: `busy` where the lock is not free within `timeout` seconds, or `unsafe_directory`.
    """
    deadline = time.monotonic() + timeout
    directory = session_directory(session)
    while True:
        try:
            if create:
                make_directory(BASE)
                make_directory(directory)
            else:
                check_directory(directory)
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            if create and time.monotonic() < deadline:
                continue
            yield False
            return
        try:
            _wait_for(descriptor, deadline, session)
            if _is_still(descriptor, directory):
                yield True
                return
        finally:
            os.close(descriptor)


def _wait_for(descriptor: int, deadline: float, session: str) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
        else:
            return
        if time.monotonic() > deadline:
            raise GuestError("busy", f"another operation holds session {session}; try again when it has ended")
        time.sleep(0.02)


def _is_still(descriptor: int, directory: str) -> bool:
    try:
        there = os.lstat(directory)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))


def write_file(path: str, content: bytes, mode: int = 0o600) -> None:
    """Write a file so that it is there wholly or not at all."""
    temporary = f"{path}.tmp"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(temporary, path)


def remove_session(session: str) -> bool:
    """Remove a session's folder, and the folder above where it is empty then; return whether there was one."""
    removed = _remove_tree(session_directory(session))
    remove_base_if_empty()
    return removed


def remove_base_if_empty() -> None:
    """Remove the folder of all sessions where there are none."""
    with contextlib.suppress(OSError):
        os.rmdir(BASE)


def _remove_tree(path: str) -> bool:
    try:
        entries = list(os.scandir(path)) if not os.path.islink(path) else None
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        entries = None
    if entries is None:
        os.unlink(path)
        return True
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            _remove_tree(entry.path)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(entry.path)
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(path)
    return True
