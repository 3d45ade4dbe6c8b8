from __future__ import annotations

from typing import Any

import pytest
from guestwright.errors import InventoryError
from guestwright.execution import inventory_reader
from guestwright.planning import variables
from guestwright.planning.variables import addresses_of, connection_of, networks_of
from planning_inputs import host


@pytest.mark.parametrize(
    ("stated", "os"),
    [
        ({}, "linux"),
        ({"ansible_connection": "ssh"}, "linux"),
        ({"ansible_connection": "winrm"}, "windows"),
        ({"ansible_connection": "ansible.builtin.psrp"}, "windows"),
        ({"ansible_connection": "ssh", "ansible_shell_type": "cmd"}, "windows"),
        ({"ansible_connection": "ssh", "ansible_shell_type": "powershell"}, "windows"),
        ({"ansible_connection": "ssh", "ansible_shell_type": "sh"}, "linux"),
        ({"ansible_connection": "winrm", "guestwright_os": "linux"}, "linux"),
        ({"guestwright_os": "windows"}, "windows"),
    ],
)
def test_the_operating_system_is_stated_or_derived(stated: dict[str, Any], os: str) -> None:
    assert connection_of(host("guest", **stated)).os == os


def test_an_assumed_operating_system_comes_first() -> None:
    assert connection_of(host("guest", guestwright_os="windows"), "linux").os == "linux"


@pytest.mark.parametrize(
    ("stated", "management", "port", "is_default"),
    [
        ({}, "ssh", 22, False),
        ({"ansible_port": 2222}, "ssh", 2222, False),
        ({"ansible_port": "2222"}, "ssh", 2222, False),
        ({"ansible_ssh_port": 2022}, "ssh", 2022, False),
        ({"ansible_port": "{{ port }}"}, "ssh", 22, True),
        ({"ansible_port": "<vaulted>"}, "ssh", 22, True),
        ({"ansible_connection": "winrm"}, "winrm", 5986, False),
        ({"ansible_connection": "winrm", "ansible_winrm_scheme": "http"}, "winrm", 5985, False),
        ({"ansible_connection": "psrp", "ansible_psrp_protocol": "http"}, "winrm", 5985, False),
        ({"ansible_connection": "winrm", "ansible_port": 5985}, "winrm", 5985, False),
        ({"ansible_connection": "psrp", "ansible_psrp_port": 443, "ansible_port": 1}, "winrm", 443, False),
        ({"ansible_connection": "local"}, "none", 0, False),
        ({"ansible_connection": "guestwright.components.qemu_guest_agent"}, "none", 0, False),
    ],
)
def test_the_management_port(stated: dict[str, Any], management: str, port: int, is_default: bool) -> None:
    connection = connection_of(host("guest", **stated))
    assert (connection.management, connection.port, connection.port_is_default) == (management, port, is_default)


@pytest.mark.parametrize(
    ("stated", "addresses"),
    [
        ({}, ("guest",)),
        ({"ansible_host": "192.0.2.1"}, ("192.0.2.1",)),
        ({"ansible_ssh_host": "192.0.2.1"}, ("192.0.2.1",)),
        ({"ansible_host": "{{ inventory_hostname }}.example.com"}, ("{{ inventory_hostname }}.example.com",)),
        (
            {"ansible_host": "192.0.2.1", "guestwright_addresses": ["198.51.100.1", "192.0.2.1"]},
            ("198.51.100.1", "192.0.2.1"),
        ),
        ({"guestwright_addresses": "198.51.100.1"}, ("198.51.100.1",)),
    ],
)
def test_addresses(stated: dict[str, Any], addresses: tuple[str, ...]) -> None:
    assert addresses_of(host("guest", **stated)) == addresses


def test_networks() -> None:
    stated = host("proxy", guestwright_networks=["192.0.2.0/24", "2001:db8::/32"])
    assert [str(network) for network in networks_of(stated)] == ["192.0.2.0/24", "2001:db8::/32"]
    assert networks_of(host("proxy")) == ()


def test_the_type_of_the_hypervisor_route() -> None:
    assert connection_of(host("guest")).hypervisor == ""
    agent = {"type": "qemu_guest_agent", "socket": "/run/agent.sock"}
    assert connection_of(host("guest", guestwright_hypervisor=agent)).hypervisor == "qemu_guest_agent"
    assert connection_of(host("guest", guestwright_hypervisor={"type": "vmware_tools"})).hypervisor == "vmware_tools"


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("guestwright_os", "win", "write linux or windows"),
        ("guestwright_os", "{{ os }}", "write linux or windows"),
        ("guestwright_os", ["linux"], "write linux or windows"),
        ("guestwright_hypervisor", "qemu_guest_agent", "write {type"),
        ("guestwright_hypervisor", {"socket": "/run/agent.sock"}, "write {type"),
        ("guestwright_hypervisor", {"type": ""}, "write {type"),
        ("guestwright_hypervisor", {"type": "qemu_guest_agent"}, "write {type"),
        ("ansible_port", 0, "write a port"),
        ("ansible_port", 65536, "write a port"),
        ("ansible_port", "ssh", "write a port"),
        ("ansible_port", True, "write a port"),
        ("ansible_port", [22], "write a port"),
        ("guestwright_addresses", [], "write a list"),
        ("guestwright_addresses", 5, "write a list"),
        ("guestwright_addresses", [""], "write a list"),
        ("guestwright_networks", ["192.0.2.0"], "write networks as"),
        ("guestwright_networks", ["192.0.2.9/24"], "did you mean 192.0.2.0/24?"),
        ("guestwright_networks", ["192.0.2.0/33"], "write networks as"),
        ("guestwright_networks", [24], "write a list"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_host_and_variable(name: str, value: Any, hint: str) -> None:
    reader = {"guestwright_addresses": addresses_of, "guestwright_networks": networks_of}.get(name, connection_of)
    with pytest.raises(InventoryError) as caught:
        reader(host("guest-01", **{name: value}))
    assert caught.value.message.startswith(f"host guest-01: {name} cannot be ")
    assert caught.value.hint.startswith(hint)


def test_an_encrypted_value_that_planning_needs_is_refused() -> None:
    with pytest.raises(InventoryError, match="host guest-01: guestwright_os is encrypted"):
        connection_of(host("guest-01", guestwright_os=variables.VAULTED))


def test_the_reader_marks_encrypted_values_with_the_text_that_planning_knows() -> None:
    assert inventory_reader.VAULTED == variables.VAULTED
