"""Which ports must be open for a guest (domain.md section 8)."""

from __future__ import annotations

from typing import Literal

from guestwright.jobs.model import GuestProcessing
from guestwright.planning.guests import BACKUP_SERVER
from guestwright.planning.model import Port
from guestwright.planning.variables import Connection

INSTALLER_SERVICE = 6160
INSTALLER_SERVICE_FAILOVER = 11731
GUEST_HELPER = 6173
LOG_SHIPPING = 6167
PROXY_SERVICE = 6190
LOG_TARGET = 6162

_End = Literal["guest", "deployer", "backup_server"]
PortTemplate = tuple[_End, _End, int, str]
"""Source, destination, port and purpose, before the names of a guest and its deployer are put in."""


def port_templates(connection: Connection, settings: GuestProcessing, routes: tuple[str, ...]) -> list[PortTemplate]:
    """Return the ports that the routes need, the same for all guests with the same connection and settings.

    Args:
        connection: how the guest is managed.
        settings: the guest's settings.
        routes: those over which the guest may be processed; the hypervisor's channel needs no port.
    """
    ports: list[PortTemplate] = []
    if "admin" in routes:
        ports += _admin_ports(connection)
    if "installer_service" in routes:
        ports += [
            ("deployer", "guest", INSTALLER_SERVICE, "Installer Service"),
            ("deployer", "guest", INSTALLER_SERVICE_FAILOVER, "Installer Service, failover"),
            ("deployer", "guest", GUEST_HELPER, "Guest Helper"),
        ]
        if "log_shipping" in settings.required_components:
            ports.append(("deployer", "guest", LOG_SHIPPING, "Log Shipping Service"))
    if ports and settings.transaction_logs.mode == "process":
        ports.append(("guest", "backup_server", LOG_TARGET, "transaction logs are shipped to it"))
    return ports


def ports_of(templates: list[PortTemplate], guest: str, deployer: str) -> tuple[Port, ...]:
    """Put the machines' names into the templates; a proxy itself is steered by the backup server."""
    names = {"guest": guest, "deployer": deployer, "backup_server": BACKUP_SERVER}
    ports = [Port(names[source], names[target], "tcp", port, purpose) for source, target, port, purpose in templates]
    if deployer != BACKUP_SERVER:
        ports.insert(0, Port(BACKUP_SERVER, deployer, "tcp", PROXY_SERVICE, "guest interaction proxy service"))
    return tuple(ports)


def _admin_ports(connection: Connection) -> list[PortTemplate]:
    ports: list[PortTemplate] = []
    if connection.os == "windows":
        ports += [
            ("deployer", "guest", 445, "administrative share"),
            ("deployer", "guest", 135, "remote management"),
        ]
    if connection.management != "none":
        purpose = "SSH" if connection.management == "ssh" else "WinRM"
        if connection.port_is_default:
            purpose += " (the inventory's port is a template: its default is shown)"
        ports.append(("deployer", "guest", connection.port, purpose))
    return ports
