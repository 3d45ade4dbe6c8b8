from __future__ import annotations

from pathlib import Path

import pytest
from guestwright.errors import InventoryError
from guestwright.execution.sources import collection_files, collection_root, inventory_files


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_files_variables_come_along_where_ansible_looks_for_them(tmp_path: Path) -> None:
    write(tmp_path / "hosts.yml", "hosts")
    write(tmp_path / "group_vars/all.yml", "all")
    write(tmp_path / "group_vars/web.prod/a.yml", "web")
    write(tmp_path / "host_vars/db.example", "db")
    write(tmp_path / "unrelated.txt", "no")
    write(tmp_path / "group_vars/.hidden", "no")
    assert {name: content.decode() for name, content in inventory_files([str(tmp_path / "hosts.yml")]).items()} == {
        "01_hosts.yml": "hosts",
        "group_vars/all/01_all.yml": "all",
        "group_vars/web.prod/01/a.yml": "web",
        "host_vars/db.example/01_db.example": "db",
    }


def test_a_folder_keeps_its_shape_and_later_sources_sort_later(tmp_path: Path) -> None:
    write(tmp_path / "one/hosts.yml", "1")
    write(tmp_path / "one/more/hosts", "2")
    write(tmp_path / "one/group_vars/all.yml", "3")
    write(tmp_path / "two.ini", "4")
    write(tmp_path / "group_vars/all.yml", "5")
    names = list(inventory_files([str(tmp_path / "one"), str(tmp_path / "two.ini")]))
    assert sorted(names) == [
        "01_one/hosts.yml",
        "01_one/more/hosts",
        "02_two.ini",
        "group_vars/all/01_all.yml",
        "group_vars/all/02_all.yml",
    ]


def test_a_list_of_hosts_becomes_a_file() -> None:
    assert inventory_files(["a.example,b.example,"]) == {"01_hosts.ini": b"a.example\nb.example\n"}


def test_a_missing_source_is_named() -> None:
    with pytest.raises(InventoryError, match=r"no/such\.yml"):
        inventory_files(["no/such.yml"])


def test_the_collection_is_carried_without_caches() -> None:
    files = collection_files()
    assert "plugins/module_utils/method.py" in files
    assert not [name for name in files if "__pycache__" in name]
    assert (collection_root() / "plugins/module_utils/method.py").read_bytes() == files[
        "plugins/module_utils/method.py"
    ]
