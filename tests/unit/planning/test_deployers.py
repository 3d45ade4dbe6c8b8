from __future__ import annotations

from typing import Any

import pytest
from guestwright.errors import InventoryError
from guestwright.jobs.model import GuestInteractionProxies
from guestwright.planning.deployers import Deployers, deployers_of
from guestwright.planning.model import Assumptions, ProxyFacts
from planning_inputs import PROXIES, host, inventory

SITE = inventory(
    host("proxy-a", PROXIES, guestwright_networks=["198.51.100.0/24"]),
    host("proxy-b", PROXIES, guestwright_networks=["192.0.2.0/24"]),
    host("proxy-c", PROXIES, guestwright_networks=["203.0.113.0/24", "192.0.2.0/24"]),
    host("proxy-d", PROXIES),
)
GUEST = ("192.0.2.20",)


def deployers(proxies: dict[str, ProxyFacts] | None = None, **selection: Any) -> Deployers:
    return deployers_of(GuestInteractionProxies(**selection), SITE, Assumptions(proxies=proxies or {}))


def order(chosen: Deployers, addresses: tuple[str, ...] = GUEST) -> list[str]:
    _, candidates = chosen.choose("windows", addresses)
    return [candidate.name for candidate in candidates]


@pytest.mark.parametrize(
    ("selection", "proxies", "expected"),
    [
        ({}, {}, "b c a d backup_server"),
        ({}, {"b": (True, 3)}, "c b a d backup_server"),
        ({}, {"a": (True, 0), "c": (True, 1)}, "b c a d backup_server"),
        ({}, {"a": (True, 1)}, "b c d a backup_server"),
        ({"selection": "prefer", "servers": ("proxy-d",)}, {}, "d b c a backup_server"),
        ({"selection": "prefer", "servers": ("proxy-a", "proxy-c")}, {}, "c a b d backup_server"),
        ({"selection": "prefer", "servers": ("proxy-d",)}, {"d": (True, 9)}, "d b c a backup_server"),
        ({"selection": "only", "servers": ("proxy-a", "proxy-c")}, {}, "c a backup_server"),
        ({"selection": "only", "servers": ("proxy-a",), "fall_back_to_backup_server": False}, {}, "a"),
        ({"fall_back_to_backup_server": False}, {}, "b c a d"),
        ({}, {"b": (False, 0)}, "c a d backup_server b"),
        ({"selection": "prefer", "servers": ("proxy-b",)}, {"b": (False, 0)}, "c a d backup_server b"),
        ({}, dict.fromkeys("abcd", (False, 0)), "backup_server b c a d"),
    ],
)
def test_the_order_of_the_candidates(
    selection: dict[str, Any], proxies: dict[str, tuple[bool, int]], expected: str
) -> None:
    facts = {f"proxy-{letter}": ProxyFacts(up, tasks) for letter, (up, tasks) in proxies.items()}
    short = [name.removeprefix("proxy-") for name in order(deployers(facts, **selection))]
    assert short == expected.split()


def test_a_guest_with_several_addresses_is_near_the_proxies_of_each() -> None:
    assert order(deployers(), ("10.0.0.1", "198.51.100.9"))[0] == "proxy-a"


@pytest.mark.parametrize("address", ["sql.example.com", "{{ address }}", "2001:db8::1"])
def test_an_address_in_no_known_network_leaves_the_order_to_load_and_name(address: str) -> None:
    assert order(deployers(), (address,))[:2] == ["proxy-a", "proxy-b"]


def test_each_guest_adds_to_the_load_of_its_proxy() -> None:
    chosen = deployers({"proxy-b": ProxyFacts(running_tasks=2)})
    names = [chosen.choose("windows", GUEST)[0] for _ in range(5)]
    assert names == ["proxy-c", "proxy-c", "proxy-b", "proxy-c", "proxy-b"]


def test_every_candidate_says_why() -> None:
    chosen = deployers(
        {"proxy-a": ProxyFacts(link_up=False), "proxy-b": ProxyFacts(running_tasks=1)},
        selection="prefer",
        servers=("proxy-d",),
    )
    _, candidates = chosen.choose("windows", GUEST)
    assert {candidate.name: candidate.why for candidate in candidates} == {
        "proxy-d": "preferred by the job, not known to be in a network of the guest, 0 tasks running or planned",
        "proxy-c": "in the guest's network 192.0.2.0/24, 0 tasks running or planned",
        "proxy-b": "in the guest's network 192.0.2.0/24, 1 task running or planned",
        "proxy-a": (
            "not usable: its link is down, not known to be in a network of the guest, 0 tasks running or planned"
        ),
        "backup_server": "the last resort: it deploys where no proxy can",
    }
    assert [candidate.name for candidate in candidates if not candidate.usable] == ["proxy-a"]


def test_other_guests_are_served_by_the_backup_server_whatever_the_proxies() -> None:
    chosen = deployers(selection="only", servers=("proxy-a",), fall_back_to_backup_server=False)
    deployer, candidates = chosen.choose("linux", GUEST)
    assert deployer == "backup_server"
    assert [candidate.name for candidate in candidates] == ["backup_server"]


def test_no_deployer_is_left_where_every_link_is_down_and_the_job_does_not_fall_back() -> None:
    down = {f"proxy-{letter}": ProxyFacts(link_up=False) for letter in "abcd"}
    deployer, candidates = deployers(down, fall_back_to_backup_server=False).choose("windows", GUEST)
    assert deployer is None
    assert len(candidates) == 4


@pytest.mark.parametrize(
    ("selection", "assumed", "where"),
    [
        ({"selection": "prefer", "servers": ("proxy-aa",)}, {}, "guest_interaction_proxies.servers"),
        ({}, {"proxy-aa": ProxyFacts()}, "--assume"),
    ],
)
def test_unknown_proxies_are_refused(selection: dict[str, Any], assumed: dict[str, ProxyFacts], where: str) -> None:
    with pytest.raises(InventoryError, match=f"{where} names the proxy 'proxy-aa'.*did you mean 'proxy-a'"):
        deployers(assumed, **selection)
