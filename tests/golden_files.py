"""Golden files: compare what is rendered with a file in the repository, and refresh it when asked.

Refresh with `UPDATE_GOLDEN=1 pytest PATH`, then read the difference in git before committing it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
_MOST_LINES_SHOWN = 120


def assert_golden(path: str | Path, content: str | bytes) -> None:
    """Fail with a readable difference unless the content is exactly what the golden file holds.

    Args:
        path: the golden file; a relative one is taken from `tests/golden`.
        content: what was rendered; text is compared as UTF-8.
    """
    golden = GOLDEN / path
    actual = content.encode() if isinstance(content, str) else content
    if _updating():
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(actual)
        return
    if not golden.exists():
        pytest.fail(f"golden file {_shown(golden)} does not exist; {_refresh()}", pytrace=False)
    expected = golden.read_bytes()
    if expected != actual:
        pytest.fail(f"{_difference(golden, expected, actual)}\n{_refresh()}", pytrace=False)


def assert_golden_tree(directory: str | Path, files: Mapping[str, bytes]) -> None:
    """Compare a whole rendered tree: every file, and no file more or less.

    Args:
        directory: the golden folder; a relative one is taken from `tests/golden`.
        files: content by path relative to that folder.
    """
    root = GOLDEN / directory
    present = {str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()}
    surplus = sorted(present - set(files))
    if _updating():
        for name in surplus:
            (root / name).unlink()
    elif surplus:
        pytest.fail(f"no longer rendered, but in {_shown(root)}: {', '.join(surplus)}; {_refresh()}", pytrace=False)
    for name, content in files.items():
        assert_golden(root / name, content)


def _updating() -> bool:
    return os.environ.get("UPDATE_GOLDEN") == "1"


def _refresh() -> str:
    test = os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0].split("::")[0]
    return f"if this is what should be rendered, refresh: UPDATE_GOLDEN=1 pytest {test}".rstrip()


def _shown(path: Path) -> str:
    return str(path.relative_to(GOLDEN.parent.parent)) if path.is_relative_to(GOLDEN.parent.parent) else str(path)


def _difference(golden: Path, expected: bytes, actual: bytes) -> str:
    name = _shown(golden)
    try:
        before, after = expected.decode(), actual.decode()
    except UnicodeDecodeError:
        return f"{name} differs: {len(expected)} bytes expected, {len(actual)} rendered"
    lines = list(
        difflib.unified_diff(
            before.splitlines(), after.splitlines(), f"{name} (golden)", f"{name} (rendered)", lineterm="", n=2
        )
    )
    if not lines:
        return f"{name} differs in line endings or at the end of the file only"
    if len(lines) > _MOST_LINES_SHOWN:
        more = len(lines) - _MOST_LINES_SHOWN
        lines = [*lines[:_MOST_LINES_SHOWN], f"... {more} more lines of difference"]
    return "\n".join(lines)
