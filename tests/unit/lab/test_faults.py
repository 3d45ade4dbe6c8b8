"""Reading faults, and the rules that lose frames."""

from __future__ import annotations

import pytest
from guestwright.errors import UsageError
from guestwright.lab.faults import Fault, loss_rules, parse
from guestwright.lab.model import Guest


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("down", None), Fault("down")),
        (("up", None), Fault("up")),
        (("delay", "25"), Fault("delay", 25)),
        (("loss", "0.5"), Fault("loss", 0.5)),
        (("loss", "100"), Fault("loss", 100)),
    ],
)
def test_faults(words: tuple[str, str | None], fault: Fault) -> None:
    assert parse(*words) == fault


@pytest.mark.parametrize(
    "words",
    [
        ("down", "1"),
        ("up", "1"),
        ("delay", None),
        ("delay", "-1"),
        ("delay", "x"),
        ("delay", "60001"),
        ("loss", "101"),
        ("loss", "nan"),
        ("loss", "inf"),
        ("cut", None),
    ],
)
def test_faults_that_make_no_sense(words: tuple[str, str | None]) -> None:
    with pytest.raises(UsageError):
        parse(*words)


@pytest.mark.parametrize(
    ("percent", "rule"), [(30, "mod 10000 < 3000 drop"), (0.5, "mod 10000 < 50 drop"), (100, '" drop')]
)
def test_loss_is_a_share_each_way(percent: float, rule: str) -> None:
    rules = loss_rules(Guest(0, 7), percent)
    assert rules.count(rule) == 2
    assert rules.count('iifname "guest7"') == rules.count('oifname "guest7"') == 1
