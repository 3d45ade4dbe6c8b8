"""The keys and passwords of a lab: one login key, one host key per guest, one password for ``clerk``."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from guestwright.errors import GuestwrightError
from guestwright.lab.state import Lab, write_private

_AT_ONCE: Final = 8


def login_key(lab: Lab) -> Path:
    """Return where the private key of all logins is."""
    return lab.folder / "login_key"


def host_key(lab: Lab, guest: str) -> Path:
    """Return where the private host key of a guest is."""
    return lab.folder / "host_keys" / guest


def password_file(lab: Lab) -> Path:
    """Return where the password of ``clerk`` is, readable by the lab's owner only."""
    return lab.folder / "clerk_password"


def generate(lab: Lab, guests: Iterable[str]) -> None:
    """Make what is missing of a lab's keys.

    Raises:
        GuestwrightError: ``ssh-keygen`` failed.
    """
    (lab.folder / "host_keys").mkdir(mode=0o700, exist_ok=True)
    wanted = [(login_key(lab), f"login of lab {lab.name}"), *((host_key(lab, guest), guest) for guest in guests)]
    missing = [(path, comment) for path, comment in wanted if not path.with_name(f"{path.name}.pub").exists()]
    for start in range(0, len(missing), _AT_ONCE):
        running = [
            subprocess.Popen(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            for path, comment in missing[start : start + _AT_ONCE]
        ]
        complaints = [process.communicate()[1].decode() for process in running]
        if any(process.returncode for process in running):
            raise GuestwrightError(f"ssh-keygen failed: {' '.join(complaints).strip()}")
    if not password_file(lab).exists():
        write_private(password_file(lab), secrets.token_urlsafe(18) + "\n")


def password_hash(lab: Lab) -> str:
    """Return the hash of the password of ``clerk``; the password itself is on no command line."""
    done = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"],
        input=password_file(lab).read_text(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise GuestwrightError(f"openssl passwd failed: {done.stderr.strip()}")
    return done.stdout.strip()
