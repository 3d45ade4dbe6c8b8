"""The guests' disks: a sparse file, a loop device over it, a file system on that."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from guestwright.errors import GuestwrightError
from guestwright.lab import kernel
from guestwright.lab.model import FileSystem
from guestwright.lab.processes import wait_until
from guestwright.lab.state import Lab


def create_disk(lab: Lab, guest: str, file_system: FileSystem) -> Path:
    """Make a guest's disk and return its loop device.

    Raises:
        GuestwrightError: no loop device is free, or the file system could not be made.
    """
    lab.disks.mkdir(mode=0o700, parents=True, exist_ok=True)
    image = lab.disks / f"{guest}.img"
    with contextlib.suppress(FileNotFoundError):
        image.unlink()
    descriptor = os.open(image, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.ftruncate(descriptor, file_system.size)
    os.close(descriptor)
    quiet = ["-q", "-F", "-E", "nodiscard"] if file_system.kind == "ext4" else ["-q", "-f", "-K"]
    _run(f"mkfs.{file_system.kind}", *quiet, str(image))
    return Path(_run("losetup", "--find", "--show", str(image)))


def loop_devices(lab: Lab) -> dict[str, Path]:
    """Return the loop devices over this lab's disks, by the guest's name, as the kernel knows them."""
    found = {}
    prefix = f"{lab.disks}/"
    for file in Path("/sys/block").glob("loop*/loop/backing_file"):
        with contextlib.suppress(OSError):
            backing = file.read_text().strip().removesuffix(" (deleted)")
            if backing.startswith(prefix):
                found[Path(backing).stem] = Path("/dev") / file.parent.parent.name
    return found


def release_disk(lab: Lab, device: Path, kind: str) -> bool:
    """Let go of a loop device once its guest has ended; say whether that came about.

    A file system that was frozen when its guest died stays in use by its freeze, unmounted though it is. It is
    thawed through another mount of the same device.
    """
    _run("losetup", "--detach", str(device), check=False)
    if wait_until(lambda: not _attached(lab, device), 0.5):
        return True
    thaw_elsewhere(lab, device, kind)
    _run("losetup", "--detach", str(device), check=False)
    return wait_until(lambda: not _attached(lab, device), 5)


def _attached(lab: Lab, device: Path) -> bool:
    return device in loop_devices(lab).values()


def thaw_elsewhere(lab: Lab, device: Path, kind: str) -> None:
    """Thaw a file system whose guest cannot be entered any more, through another mount of its device."""
    place = lab.folder / "thaw"
    place.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(OSError):
        kernel.mount(str(device), place, kind, 0, "nouuid" if kind == "xfs" else None)
        try:
            kernel.thaw(place)
        finally:
            kernel.detach(place)


def _run(*command: str, check: bool = True) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        raise GuestwrightError(f"{command[0]} failed: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip()
