"""What a host's inventory variables say to planning; bad values are refused with the host's and the variable's name."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from guestwright.errors import InventoryError
from guestwright.planning.model import Host, OperatingSystem

VAULTED = "<vaulted>"
"""What stands for an encrypted value."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Management = Literal["ssh", "winrm", "none"]

_WINDOWS_SHELLS = ("cmd", "powershell")
_WINDOWS_CONNECTIONS = ("winrm", "psrp")


@dataclass(frozen=True, slots=True)
class Connection:
    """How Ansible manages a guest, as far as ports go; few guests of a job differ in it.

    Attributes:
        os: `linux` or `windows`.
        management: `none` where the connection uses no network (`local`, a hypervisor's channel).
        port: of the management connection; 0 where there is none.
        port_is_default: the inventory's own value is a template, so that the default stands here.
        hypervisor: the type of the hypervisor's guest channel; empty where the inventory has none.
    """

    os: OperatingSystem
    management: Management
    port: int
    port_is_default: bool
    hypervisor: str


def connection_of(host: Host, os: OperatingSystem | None = None) -> Connection:
    """Return how a guest is managed.

    The operating system is the assumed one, else `guestwright_os`, else what the connection variables suggest, else
    Linux (design.md section 2).

    Raises:
        InventoryError: a variable has a value that cannot be.
    """
    variables = host.variables
    plugin = _text(variables.get("ansible_connection", "ssh")).rpartition(".")[2]
    stated = variables.get("guestwright_os")
    if stated not in (None, "linux", "windows"):
        raise _bad(host, "guestwright_os", stated, "write linux or windows")
    windows = plugin in _WINDOWS_CONNECTIONS or variables.get("ansible_shell_type") in _WINDOWS_SHELLS
    system: OperatingSystem = os or stated or ("windows" if windows else "linux")
    management: Management = "none"
    port, is_default = 0, False
    if plugin in _WINDOWS_CONNECTIONS:
        management = "winrm"
        plain = "http" in (variables.get("ansible_winrm_scheme"), variables.get("ansible_psrp_protocol"))
        port, is_default = _port(host, (f"ansible_{plugin}_port", "ansible_port"), 5985 if plain else 5986)
    elif plugin in ("ssh", "smart", "paramiko", "paramiko_ssh", "libssh"):
        management = "ssh"
        port, is_default = _port(host, ("ansible_port", "ansible_ssh_port"), 22)
    return Connection(system, management, port, is_default, _hypervisor(host))


def addresses_of(host: Host) -> tuple[str, ...]:
    """Return `guestwright_addresses`, else `ansible_host`, else the host's name; templates stay text.

    Raises:
        InventoryError: the variable is not a list of texts.
    """
    variables = host.variables
    stated = variables.get("guestwright_addresses")
    if stated is None:
        return (_text(variables.get("ansible_host") or variables.get("ansible_ssh_host") or host.name),)
    return _texts(host, "guestwright_addresses", stated)


def networks_of(host: Host) -> tuple[Network, ...]:
    """Return `guestwright_networks`: the networks in which a proxy or the backup server stands.

    Raises:
        InventoryError: one of them is no network in CIDR notation.
    """
    stated = host.variables.get("guestwright_networks")
    if stated is None:
        return ()
    return tuple(_network(host, text) for text in _texts(host, "guestwright_networks", stated))


def ip_addresses(texts: tuple[str, ...]) -> tuple[Address, ...]:
    """Return those of the texts that are IP addresses; names and templates belong to no network that is known."""
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_address(text))
        except ValueError:
            continue
    return tuple(found)


def _network(host: Host, text: str) -> Network:
    hint = "write networks as 192.0.2.0/24"
    if "/" in text:
        try:
            return ipaddress.ip_network(text)
        except ValueError:
            with suppress(ValueError):
                hint = f"did you mean {ipaddress.ip_network(text, strict=False)}?"
    raise _bad(host, "guestwright_networks", text, hint)


def _hypervisor(host: Host) -> str:
    stated = host.variables.get("guestwright_hypervisor")
    if stated is None:
        return ""
    hint = "write {type: qemu_guest_agent, socket: PATH}"
    if not isinstance(stated, Mapping) or not isinstance(stated.get("type"), str) or not stated["type"]:
        raise _bad(host, "guestwright_hypervisor", stated, hint)
    if stated["type"] == "qemu_guest_agent" and not stated.get("socket"):
        raise _bad(host, "guestwright_hypervisor", stated, hint)
    return str(stated["type"])


def _port(host: Host, names: tuple[str, ...], default: int) -> tuple[int, bool]:
    for name in names:
        value = host.variables.get(name)
        if value is None:
            continue
        if isinstance(value, str) and ("{{" in value or "{%" in value or value == VAULTED):
            return default, True
        try:
            port = int(value)
        except (TypeError, ValueError):
            port = 0
        if isinstance(value, bool) or not 0 < port < 65536:
            raise _bad(host, name, value, "write a port from 1 to 65535")
        return port, False
    return default, False


def _texts(host: Host, name: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not values or not all(isinstance(text, str) and text for text in values):
        raise _bad(host, name, value, "write a list of texts that is not empty")
    return tuple(values)


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _bad(host: Host, name: str, value: object, hint: str) -> InventoryError:
    if value == VAULTED:
        return InventoryError(f"host {host.name}: {name} is encrypted, but planning needs it", "store it in plain text")
    return InventoryError(f"host {host.name}: {name} cannot be {value!r}", hint)
