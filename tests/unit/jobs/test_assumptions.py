"""Assumptions: what is stated, what is left open, and what is refused."""

from __future__ import annotations

import pytest
from guestwright.errors import InvalidFileError
from guestwright.jobs.assumptions import load_assumptions
from guestwright.planning.model import Assumptions, GuestFacts, ProxyFacts


def test_every_key() -> None:
    text = b"""\
guests:
  web-1:
    os: linux
    routes: {admin: open, installer_service: closed, hypervisor: closed}
    certificates: invalid
    installed: [guest_helper, log_shipping]
  web-2: {}
  web-3: {installed: [], certificates: valid}
proxies:
  proxy-1: {link: down}
  proxy-2: {link: up, running_tasks: 0}
"""
    assert load_assumptions("facts.yml", text) == Assumptions(
        guests={
            "web-1": GuestFacts(
                "linux",
                {"admin": True, "installer_service": False, "hypervisor": False},
                False,
                ("guest_helper", "log_shipping"),
            ),
            "web-2": GuestFacts(),
            "web-3": GuestFacts(certificates_valid=True, installed=()),
        },
        proxies={"proxy-1": ProxyFacts(False, None), "proxy-2": ProxyFacts(True, 0)},
    )


@pytest.mark.parametrize("text", [b"{}", b"guests: {}\n", b'{"proxies": {}}'])
def test_nothing_needs_to_be_stated(text: bytes) -> None:
    assert load_assumptions("facts.yml", text) == Assumptions()


def test_all_that_is_wrong_is_told_at_its_place() -> None:
    text = b"""\
guests:
  web-1: {os: solaris, routes: {ssh: open, admin: yes}, installed: [helper]}
  web-1: {}
proxies:
  proxy-1: {runing_tasks: 1, link: open}
  proxy-2: {running_tasks: -1}
hosts: {}
"""
    with pytest.raises(InvalidFileError) as caught:
        load_assumptions("facts.yml", text)
    assert [str(problem) for problem in caught.value.problems] == [
        "facts.yml:2:15: `guests.web-1.os` must be one of windows, linux, not `solaris`",
        "facts.yml:2:33: unknown key `ssh` in `guests.web-1.routes` (valid keys: admin, installer_service, hypervisor)",
        (
            "facts.yml:2:51: `guests.web-1.routes.admin` must be one of open, closed, but YAML reads `yes` as a boolean"
            " (for example: open)"
        ),
        "facts.yml:2:69: `guests.web-1.installed[0]` must be one of guest_helper, log_shipping, not `helper`",
        "facts.yml:3:3: the key `web-1` is there twice (the first one is on line 2; keep one)",
        "facts.yml:5:13: unknown key `runing_tasks` in `proxies.proxy-1` (did you mean `running_tasks`?)",
        "facts.yml:5:36: `proxies.proxy-1.link` must be one of up, down, not `open`",
        "facts.yml:6:28: `proxies.proxy-2.running_tasks` must be between 0 and 1000000, not -1 (for example: 2)",
        "facts.yml:7:1: unknown key `hosts` (valid keys: guests, proxies)",
    ]
