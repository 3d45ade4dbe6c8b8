"""Reads what a project is rendered from besides the plan: the inventory's files, and the collection's."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import ansible_collections.guestwright.components.plugins.module_utils.method as a_collection_module

from guestwright.errors import InventoryError

_VARIABLE_FOLDERS = ("group_vars", "host_vars")
_VARIABLE_SUFFIXES = (".yml", ".yaml", ".json")
_COLLECTION_PARTS = ("meta", "playbooks", "plugins", "roles", "galaxy.yml", "README.md", "LICENSE", "changelogs")


def inventory_files(sources: Sequence[str]) -> dict[str, bytes]:
    """Return the given inventory sources as the files of one inventory folder, as they are.

    Sources keep their order by a number in front. Their `group_vars` and `host_vars` are put together where Ansible
    looks for them, beside the sources; where two speak of the same group, the later one wins, as with `-i`.

    Raises:
        InventoryError: a source cannot be read.
    """
    files: dict[str, bytes] = {}
    for number, source in enumerate(sources, start=1):
        try:
            files |= dict(_source_files(f"{number:02d}", source))
        except OSError as error:
            raise InventoryError(f"{source}: {error.strerror or error}", "give an inventory file or folder") from error
    return files


def _source_files(number: str, source: str) -> Iterator[tuple[str, bytes]]:
    path = Path(source)
    if not path.exists() and "," in source:
        yield f"{number}_hosts.ini", "".join(f"{host}\n" for host in source.split(",") if host).encode()
        return
    base = path if path.is_dir() else path.parent
    if path.is_dir():
        for file in _files_below(path):
            if file.relative_to(path).parts[0] not in _VARIABLE_FOLDERS:
                yield f"{number}_{path.name}/{file.relative_to(path)}", file.read_bytes()
    else:
        yield f"{number}_{path.name}", path.read_bytes()
    for folder in _VARIABLE_FOLDERS:
        for file in _files_below(base / folder):
            owner, *rest = file.relative_to(base / folder).parts
            if rest:
                yield f"{folder}/{owner}/{number}/{'/'.join(rest)}", file.read_bytes()
            else:
                name = Path(owner).stem if Path(owner).suffix in _VARIABLE_SUFFIXES else owner
                yield f"{folder}/{name}/{number}_{owner}", file.read_bytes()


def _files_below(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


@functools.cache
def collection_root() -> Path:
    """Return where the collection lies that this engine was installed with."""
    return Path(a_collection_module.__file__).parents[2]


def collection_files() -> dict[str, bytes]:
    """Return the collection's files as a project carries them: what works at run time, without caches."""
    root = collection_root()
    files = [root / part for part in _COLLECTION_PARTS if (root / part).is_file()]
    for part in _COLLECTION_PARTS:
        files += _files_below(root / part)
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in files
        if "__pycache__" not in file.parts and file.suffix != ".pyc"
    }
