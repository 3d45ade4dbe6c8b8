"""The zipapp's bytes, the command lines and the answer line."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import io
import os
import shlex
import subprocess
import sys
import zipfile
import zipimport
from pathlib import Path

import pytest
from ansible_collections.guestwright.components.plugins.plugin_utils import bundle, guest_program

REQUEST = {"protocol": 1, "session": "nightly", "operation": "op-1", "verb": "probe", "arguments": {"a": "'\"$(x)"}}


def copy(target: Path, names: list[str]) -> Path:
    target.mkdir()
    source = bundle.source_directory()
    for name in names:
        path = target / name
        path.write_bytes((source / name).read_bytes())
        os.utime(path, (1, 1))
        path.chmod(0o777)
    (target / "__pycache__").mkdir()
    (target / "__pycache__" / "wire.cpython-38.pyc").write_bytes(b"x")
    return target


def test_same_files_same_bytes_whatever_their_times_modes_and_order(tmp_path: Path) -> None:
    names = sorted(path.name for path in bundle.source_directory().glob("*.py"))
    first = copy(tmp_path / "first", names)
    second = copy(tmp_path / "second", names[::-1])
    assert bundle.build(first) == bundle.build(second) == bundle.build(bundle.source_directory())


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_builds_the_same_bytes(seed: str) -> None:
    program = f"import hashlib; from {bundle.__name__} import zipapp; print(hashlib.sha256(zipapp()).hexdigest())"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == hashlib.sha256(bundle.zipapp()).hexdigest()


def test_the_compiled_members_are_taken_by_the_same_version_and_passed_over_by_another(tmp_path: Path) -> None:
    path = tmp_path / "components.pyz"
    path.write_bytes(bundle.zipapp())
    package = str(path / "guestwright_components")
    code = zipimport.zipimporter(package).get_code("wire")
    assert code.co_filename == "guestwright_components/wire.py"
    path.write_bytes(bundle.zipapp().replace(importlib.util.MAGIC_NUMBER, b"\x00\x00\r\n"))
    zipimport._zip_directory_cache.clear()  # type: ignore[attr-defined]
    other = zipimport.zipimporter(package).get_code("wire")
    assert other.co_filename == str(path / "guestwright_components/wire.py")


def test_data_files_are_carried_and_the_entry_stands_on_top(tmp_path: Path) -> None:
    folder = copy(tmp_path / "copy", ["__main__.py", "wire.py"])
    (folder / "padding.bin").write_bytes(b"\0" * 1000)
    with zipfile.ZipFile(io.BytesIO(bundle.build(folder))) as archive:
        assert archive.namelist() == [
            "__main__.py",
            "__main__.pyc",
            "guestwright_components/padding.bin",
            "guestwright_components/wire.py",
            "guestwright_components/wire.pyc",
        ]


def test_the_zipapp_is_built_once() -> None:
    assert bundle.zipapp() is bundle.zipapp()


@pytest.mark.parametrize("path", sorted(bundle.source_directory().glob("*.py")), ids=lambda path: path.name)
def test_every_component_is_python_3_8_and_of_the_standard_library(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            assert name.partition(".")[0] in sys.stdlib_module_names | {bundle.PACKAGE}


@pytest.mark.parametrize("build", [guest_program.carried, guest_program.deployed])
def test_a_command_is_one_shell_word_list_with_session_verb_and_operation(build: object) -> None:
    given = build(REQUEST, "/opt/python")  # type: ignore[operator]
    words = shlex.split(given.command)
    assert words[:2] == ["/bin/sh", "-c"]
    assert words[3:7] == ["guestwright-guest", "nightly", "probe", "op-1"]
    assert words[8:10] == ["/opt/python", "python3"]
    assert "$(x)" not in given.command
    assert len(given.command) < 4096


def test_the_payload_travels_only_where_it_is_needed() -> None:
    assert guest_program.carried(REQUEST).stdin.endswith(bundle.zipapp())
    assert len(guest_program.deployed(REQUEST).stdin) < 1000


@pytest.mark.parametrize(
    ("stdout", "operation"),
    [
        ('GUESTWRIGHT-ANSWER {"ok": true, "operation": "a"}\n', "a"),
        ('banner\r\nGUESTWRIGHT-ANSWER {"ok": true, "operation": "a"}\r\nbye', "a"),
        ('GUESTWRIGHT-ANSWER {"ok": true, "operation": "a"}\nGUESTWRIGHT-ANSWER {"ok": true, "operation": "b"}\n', "b"),
        ('GUESTWRIGHT-ANSWER {"ok": true, "operation": "a"}\nGUESTWRIGHT-ANSWER {"ok": tr', "a"),
    ],
)
def test_reads_the_last_whole_answer(stdout: str, operation: str) -> None:
    assert guest_program.parse(stdout)["operation"] == operation


@pytest.mark.parametrize(
    "stdout", ["", "hello", "GUESTWRIGHT-ANSWER", "GUESTWRIGHT-ANSWER []", "GUESTWRIGHT-ANSWER {}"]
)
def test_no_answer_is_told(stdout: str) -> None:
    with pytest.raises(guest_program.NoAnswer):
        guest_program.parse(stdout)
