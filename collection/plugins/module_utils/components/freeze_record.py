# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is frozen, or may be, written down before the freeze so that any later process can end it."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from . import ioctls, paths


def write(session: str, record: dict[str, Any]) -> None:
    """Put a session's record in place: `{id, file_systems: [{path, device}], scripts}`; the id names this freeze."""
    paths.write_file(paths.inside(session, paths.FREEZE_RECORD), json.dumps(record).encode("ascii"))


def read(session: str) -> dict[str, Any] | None:
    """Return a session's record, or None where nothing of it is frozen or has to run."""
    try:
        with open(paths.inside(session, paths.FREEZE_RECORD), "rb") as stream:
            record: dict[str, Any] = json.loads(stream.read().decode("ascii"))
    except (OSError, ValueError):
        return None
    return record


def claim_post_thaw(session: str, record: dict[str, Any]) -> bool:
    """Return whether the post-thaw scripts are this process's to run: true for one process in the life of a freeze."""
    if record["scripts"]["mode"] == "disabled":
        return False
    path = paths.inside(session, f"post_thaw.{record['id']}")
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError:
        return False
    return True


def remove(session: str) -> None:
    """Remove a session's record once all is thawed and run."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(paths.inside(session, paths.FREEZE_RECORD))


def recover(session: str) -> dict[str, Any]:
    """End what a helper and a watchdog that both died left: thaw, and run the post-thaw scripts that are due.

    Returns:
        `{thawed: [paths], failed: [sentences], scripts: [...]}`; a failed one may still be frozen.
    """
    from . import scripts

    outcome: dict[str, Any] = {"thawed": [], "failed": [], "scripts": []}
    record = read(session)
    if record is None:
        return outcome
    for entry in reversed(record["file_systems"]):
        try:
            descriptor = ioctls.open_mount(entry["path"], entry["device"])
        except OSError as error:
            outcome["failed"].append(f"{entry['path']}: {error.strerror}")
            continue
        try:
            if ioctls.thaw(descriptor):
                outcome["thawed"].append(entry["path"])
        except OSError as error:
            outcome["failed"].append(f"{entry['path']}: {error.strerror}")
        finally:
            os.close(descriptor)
    wanted = record["scripts"]
    if claim_post_thaw(session, record):
        outcome["scripts"] = scripts.run_all(
            wanted["post_thaw"], session=session, phase="post_thaw", timeout=wanted["timeout"]
        )
    if not outcome["failed"]:
        remove(session)
    return outcome
