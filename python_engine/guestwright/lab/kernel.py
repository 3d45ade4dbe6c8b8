"""The few system calls that Python 3.11 does not offer: namespaces, mounts, frozen file systems."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from pathlib import Path
from typing import Final

NEW_MOUNT: Final = 0x00020000
NEW_CGROUP: Final = 0x02000000
NEW_HOST_NAME: Final = 0x04000000
NEW_IPC: Final = 0x08000000
NEW_USER: Final = 0x10000000
NEW_PID: Final = 0x20000000
NEW_NETWORK: Final = 0x40000000

READ_ONLY: Final = 1
REMOUNT: Final = 32
BIND: Final = 4096
RECURSIVE: Final = 16384
PRIVATE: Final = 1 << 18

_DETACH: Final = 2
_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}
_PARENT_DEATH_SIGNAL: Final = 1
_DROP_BOUNDING: Final = 24
_THAW: Final = 0xC0045878

_library = ctypes.CDLL(None, use_errno=True)
_pivot_root_number = _PIVOT_ROOT.get(os.uname().machine)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name for new ones."""
    _check(_library.unshare(flags), "unshare")


def set_namespace(descriptor: int, flags: int = 0) -> None:
    """Enter the namespace of a descriptor (or those that the flags name, of a process's descriptor)."""
    _check(_library.setns(descriptor, flags), "setns")


def mount(source: str | None, target: str | Path, kind: str | None, flags: int = 0, options: str | None = None) -> None:
    """Mount a file system, bind a folder, or change a mount's flags."""
    texts = (source, str(target), kind)
    encoded = [None if text is None else os.fsencode(text) for text in texts]
    data = None if options is None else options.encode()
    _check(_library.mount(*encoded, ctypes.c_ulong(flags), data), f"mount on {target}")


def detach(target: str | Path) -> None:
    """Unmount at once; the kernel finishes when nobody uses it any more."""
    _check(_library.umount2(os.fsencode(target), _DETACH), f"unmount {target}")


def change_root(new_root: str | Path) -> None:
    """Make a mounted folder this process's root and let go of the old one."""
    os.chdir(new_root)
    if _pivot_root_number is None:
        raise OSError(errno.ENOSYS, f"pivot_root on {os.uname().machine}")
    _check(_library.syscall(ctypes.c_long(_pivot_root_number), b".", b"."), "pivot_root")
    detach(".")
    os.chdir("/")


def set_host_name(name: str) -> None:
    """Name this host name namespace."""
    _check(_library.sethostname(name.encode(), len(name)), "sethostname")


def end_with_parent(number: int) -> None:
    """Let this process get a signal when the one that started it ends."""
    _check(_library.prctl(_PARENT_DEATH_SIGNAL, ctypes.c_ulong(number), 0, 0, 0), "prctl")


def drop_capability(number: int) -> None:
    """Take a capability from everything that this process will execute."""
    _check(_library.prctl(_DROP_BOUNDING, ctypes.c_ulong(number), 0, 0, 0), "prctl")


def thaw(folder: str | Path) -> bool:
    """Thaw the file system that holds a folder; false where it was not frozen."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(descriptor, _THAW, 0)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTTY):
            return False
        raise
    finally:
        os.close(descriptor)
    return True
