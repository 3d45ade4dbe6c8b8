"""Inventories as Ansible's own loader reads them, in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from guestwright.errors import InventoryError
from guestwright.execution.inventory import read_inventory
from guestwright.planning.model import Inventory

ENCRYPTED = """\
!vault |
            $ANSIBLE_VAULT;1.1;AES256
            61626361626361626361626361626361626361626361626361626361626361626361626361626361
            6162636162636162636162636162
"""
HOSTS = f"""\
all:
  children:
    web:
      hosts:
        web-01: {{ansible_host: 192.0.2.11, ansible_password: hunter2, ansible_become_password: hunter2}}
        web-02: {{ansible_host: 192.0.2.12, guestwright_api_token: hunter2, guestwright_since: 2026-01-02}}
        web-03:
          ansible_host: {ENCRYPTED}
        web-04: {{ansible_host: "{{{{ inventory_hostname }}}}.example.com", rack: 4}}
    db:
      hosts:
        db-01:
        db-02: {{ansible_port: 2222}}
    guest_interaction_proxies:
      hosts:
        proxy-01: {{guestwright_networks: [192.0.2.0/24]}}
"""
PATTERNS = {
    "web": ("web-01", "web-02", "web-03", "web-04"),
    "all": ("web-01", "web-02", "web-03", "web-04", "db-01", "db-02", "proxy-01"),
    "web:&all:!web-01:!web-02": ("web-03", "web-04"),
    "~(web|db)-0[12]": ("web-01", "web-02", "db-01", "db-02"),
    "web[0:1]": ("web-01", "web-02"),
    "db,web-01": ("db-01", "db-02", "web-01"),
    "proxy-01": ("proxy-01",),
    "proxy*": ("proxy-01",),
    "proxy-01:!proxy-01": (),
    "localhost": ("localhost",),
    "nowhere": (),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("inventory")
    (root / "hosts.yml").write_text(HOSTS)
    (root / "group_vars" / "web").mkdir(parents=True)
    (root / "host_vars").mkdir()
    (root / "group_vars" / "all.yml").write_text("ansible_user: backup\nguestwright_os: linux\n")
    (root / "group_vars" / "web" / "plain.yml").write_text("ansible_become: true\n")
    (root / "group_vars" / "web" / "vault.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    (root / "host_vars" / "db-01.yml").write_text("ansible_user: postgres\n")
    return root


@pytest.fixture(scope="module")
def site(folder: Path) -> Inventory:
    limit = folder / "limit.txt"
    limit.write_text("web-02\ndb-02\n")
    try:
        return read_inventory([str(folder / "hosts.yml"), "extra-01,"], [*PATTERNS, f"@{limit}"])
    finally:
        limit.unlink()


def test_hosts_stand_in_the_order_of_the_inventory(site: Inventory) -> None:
    assert tuple(site.hosts) == ("extra-01", *PATTERNS["all"], "localhost")
    assert site.group("db") == ("db-01", "db-02")
    assert site.hosts["web-01"].groups == ("all", "web")


@pytest.mark.parametrize(("pattern", "names"), [pair for pair in PATTERNS.items() if pair[0] != "all"])
def test_ansible_resolves_the_patterns(site: Inventory, pattern: str, names: tuple[str, ...]) -> None:
    assert site.matches[pattern] == names


def test_a_file_of_limits_is_read_as_ansible_reads_it(site: Inventory) -> None:
    assert [names for pattern, names in site.matches.items() if pattern.startswith("@")] == [("web-02", "db-02")]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [("db,web-01", ("web-01",)), ("proxy-01", ("proxy-01",)), ("proxy*", ()), ("all", ()), ("proxy-01:!proxy-01", ())],
)
def test_hosts_that_a_pattern_names_itself(site: Inventory, pattern: str, names: tuple[str, ...]) -> None:
    assert site.named_directly[pattern] == names


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("web-01", {"ansible_host": "192.0.2.11", "ansible_user": "backup", "ansible_become": True}),
        ("web-02", {"ansible_host": "192.0.2.12", "guestwright_since": "2026-01-02"}),
        ("web-03", {"ansible_host": "<vaulted>"}),
        ("web-04", {"ansible_host": "{{ inventory_hostname }}.example.com"}),
        ("db-01", {"ansible_user": "postgres", "guestwright_os": "linux"}),
        ("db-02", {"ansible_port": 2222, "ansible_user": "backup"}),
        ("proxy-01", {"guestwright_networks": ["192.0.2.0/24"]}),
    ],
)
def test_variables_come_from_all_that_stands_beside_the_sources(
    site: Inventory, name: str, variables: dict[str, object]
) -> None:
    assert dict(site.hosts[name].variables) | variables == site.hosts[name].variables


def test_no_secret_leaves_the_reading_process(site: Inventory) -> None:
    everything = json.dumps({name: dict(host.variables) for name, host in site.hosts.items()})
    assert "hunter2" not in everything
    assert "VAULT" not in everything
    assert {"rack", "ansible_password", "guestwright_api_token"}.isdisjoint(
        variable for host in site.hosts.values() for variable in host.variables
    )


@pytest.mark.parametrize(
    ("order", "user"),
    [(None, "backup"), ("all_inventory, all_plugins_inventory, groups_inventory, groups_plugins_inventory", "section")],
)
def test_the_precedence_of_ansible_cfg_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str | None, user: str
) -> None:
    (tmp_path / "hosts").write_text("[db]\ndb-01\n[db:vars]\nansible_user=section\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("ansible_user: backup\n")
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\nprecedence = {order}\n" if order else "")
    monkeypatch.setenv("ANSIBLE_CONFIG", str(tmp_path / "ansible.cfg"))
    assert read_inventory([str(tmp_path / "hosts")], []).hosts["db-01"].variables["ansible_user"] == user


def test_the_working_folder_lends_no_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("ansible_user: stranger\n")
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories" / "hosts").write_text("web-01\n")
    monkeypatch.chdir(tmp_path)
    assert read_inventory(["inventories/hosts"], []).hosts["web-01"].variables == {}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.yml", None, "inventory missing.yml does not exist"),
        ("broken.yml", "all:\n  hosts:\n    a: {x: 1\n    b:\n", "broken.yml:4:6: YAML parsing failed"),
        (
            "typo.yml",
            "all:\n  hosts:\n    a:\n  hots:\n    b:\n",
            "not read as a whole: Skipping unexpected key (hots)",
        ),
        ("list.yml", "all:\n  hosts:\n    - a\n", 'inventory list.yml: Invalid "hosts" entry for "all" group'),
        ("broken.ini", "[web]\na\n[web:vars\nx=1\n", "inventory broken.ini: "),
        ("empty.yml", "", "the inventory has no hosts"),
        ("vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n6162\n", "inventory vault.yml is encrypted as a whole"),
    ],
)
def test_what_cannot_be_read_as_a_whole_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str | None, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_text(content)
    with pytest.raises(InventoryError) as caught:
        read_inventory([name], ["all"])
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("pattern", ["~(", "@missing"])
def test_a_malformed_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read_inventory(["a,b"], [pattern])
    assert caught.value.message.startswith(f"pattern '{pattern}': ")


def test_what_an_inventory_script_prints_elsewhere_does_not_mix_with_the_answer(tmp_path: Path) -> None:
    script = tmp_path / "dynamic"
    answer = json.dumps({"web": ["a"], "_meta": {"hostvars": {"a": {"ansible_host": "192.0.2.1"}}}})
    script.write_text(f"#!/bin/sh\necho chatter >&2\necho '{answer}'\n")
    script.chmod(0o755)
    assert read_inventory([str(script)], ["web"]).hosts["a"].variables == {"ansible_host": "192.0.2.1"}
