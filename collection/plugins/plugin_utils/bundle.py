# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime components as one reproducible zipapp, built from the collection's own files."""

from __future__ import annotations

import functools
import io
import marshal
import zipfile
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

PACKAGE = "guestwright_components"
_ENTRY = "__main__.py"
_IGNORED = {"__pycache__"}
_UNCHECKED_HASH = (1).to_bytes(4, "little")
_MARSHAL_VERSION = 2
_EPOCH = (1980, 1, 1, 0, 0, 0)


def source_directory() -> Path:
    """Return the folder of the collection that holds the components."""
    return Path(__file__).resolve().parent.parent / "module_utils" / "components"


def build(directory: Path) -> bytes:
    """Return the zipapp of a folder's files; the same files and Python version give the same bytes anywhere.

    Members are stored, not compressed: no two versions of zlib compress alike, and the guest starts it faster.
    `__main__.py` goes to the top, everything else, data files too, into the package. Beside each source stands what
    this Python compiles it to: a guest with the same version need not compile it, which is a third of what a phase
    costs it; another version passes over it.
    """
    files = [
        path
        for path in directory.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not _IGNORED.intersection(path.parts)
    ]
    members = {_member_name(path, directory): path.read_bytes() for path in files}
    members |= {f"{name}c": _compiled(name, source) for name, source in members.items() if name.endswith(".py")}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system = 3
            member.external_attr = 0o100644 << 16
            archive.writestr(member, members[name])
    return target.getvalue()


def _compiled(name: str, source: bytes) -> bytes:
    """Return a source as a `.pyc` that is used without looking at the source (PEP 552)."""
    code = compile(source, name, "exec", dont_inherit=True)
    # A later version of the format depends on how often an object happens to be referred to.
    return MAGIC_NUMBER + _UNCHECKED_HASH + source_hash(source) + marshal.dumps(code, _MARSHAL_VERSION)


def _member_name(path: Path, directory: Path) -> str:
    name = path.relative_to(directory).as_posix()
    return name if name == _ENTRY else f"{PACKAGE}/{name}"


@functools.lru_cache(maxsize=1)
def zipapp() -> bytes:
    """Return the zipapp of this collection, built once per process."""
    return build(source_directory())
