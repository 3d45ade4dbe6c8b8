"""Everything before `run` is pure: no disk, clock, network, randomness or environment (design: the pipeline)."""

from __future__ import annotations

import ast
from pathlib import Path

import guestwright
import pytest

ENGINE = Path(guestwright.__file__).parent
PURE = ("jobs", "planning", "rendering", "results", "reports", "errors.py", "exit_codes.py")
IMPURE_MODULES = frozenset(
    (
        "asyncio",
        "ctypes",
        "datetime",
        "glob",
        "os",
        "pathlib",
        "random",
        "secrets",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "uuid",
        "ansible",
        "ansible_runner",
        "guestwright.cli",
        "guestwright.execution",
        "guestwright.lab",
        "guestwright.ledger",
    )
)
ALLOWED = {
    # Dates are parsed and subtracted, never asked for.
    ("reports", "datetime"),
    # The one edge of the room: reads the job's file.
    ("jobs/read.py", "pathlib"),
    ("jobs/read.py", "sys"),
}
IMPURE_CALLS = frozenset({"open", "input", "print"})


def pure_files() -> list[Path]:
    files: list[Path] = []
    for name in PURE:
        path = ENGINE / name
        files += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return files


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def is_allowed(file: Path, module: str) -> bool:
    relative = file.relative_to(ENGINE).as_posix()
    return any(relative == place or relative.startswith(f"{place}/") for place, name in ALLOWED if name == module)


@pytest.mark.parametrize("file", pure_files(), ids=lambda file: file.relative_to(ENGINE).as_posix())
def test_a_pure_module_imports_and_calls_nothing_impure(file: Path) -> None:
    tree = ast.parse(file.read_text())
    impure = {
        module
        for name in imported(tree)
        for module in IMPURE_MODULES
        if (name == module or name.startswith(f"{module}.")) and not is_allowed(file, module)
    }
    assert impure == set()
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert calls & IMPURE_CALLS == set()


def test_the_collection_never_imports_the_engine() -> None:
    collection = ENGINE.parent.parent / "collection"
    files = sorted(collection.rglob("*.py"))
    assert files
    importing = [
        file
        for file in files
        if any(name.split(".")[0] == "guestwright" for name in imported(ast.parse(file.read_text())))
    ]
    assert importing == []
