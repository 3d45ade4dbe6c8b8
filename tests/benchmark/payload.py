"""The payloads: the product's real components, and a staged copy of the collection that is padded."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PADDED_BYTES = 6_000_000
SESSION = "bench"
"""The session that the baselines deploy; their files name it too."""

_EXTRACT = Path(__file__).with_name("extract.py")
_PADDING = "plugins/module_utils/components/padding.bin"


@dataclass(frozen=True)
class Payload:
    """What is deployed.

    Attributes:
        name: `real` or `padded`.
        folder: holds `guestwright.pyz`, `session.json` and `status.request` for the baselines.
        environment: makes the product use the collection that this payload comes from.
    """

    name: str
    folder: Path
    environment: Mapping[str, str]

    @property
    def zipapp(self) -> Path:
        """The file that is deployed."""
        return self.folder / "guestwright.pyz"

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.zipapp.stat().st_size

    @property
    def sha256(self) -> str:
        """Its sum, in hexadecimal."""
        return hashlib.sha256(self.zipapp.read_bytes()).hexdigest()


def real(work: Path) -> Payload:
    """Write the real payload's files and return it."""
    return _extract("real", work, {})


def padded(work: Path, collection: Path, real_size: int) -> Payload:
    """Stage a copy of the collection with an incompressible file in it, so that the payload has `PADDED_BYTES`."""
    stage = work / "staged"
    target = stage / "ansible_collections/guestwright/components"
    shutil.copytree(collection, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    noise = random.Random(0).randbytes(max(0, PADDED_BYTES - real_size))  # noqa: S311 (the same bytes in every run)
    (target / _PADDING).write_bytes(noise)
    return _extract("padded", work, {"PYTHONPATH": str(stage)})


def _extract(name: str, work: Path, environment: Mapping[str, str]) -> Payload:
    folder = work / f"payload-{name}"
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, str(_EXTRACT), str(folder), SESSION], env={**os.environ, **environment}, check=True)
    return Payload(name, folder, environment)
