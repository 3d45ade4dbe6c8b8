"""What a lab needs: all that is missing is named at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from guestwright.errors import PrerequisiteError
from guestwright.lab.model import parse_file_system
from guestwright.lab.prerequisites import check, missing_rights, needed_programs
from guestwright.lab.rootless import has_range


def test_all_missing_packages_are_in_one_command() -> None:
    absent = {"sshd", "ip", "mkfs.xfs", "sudo", "ssh", "ssh-keygen"}
    with pytest.raises(PrerequisiteError) as raised:
        check(
            file_system=parse_file_system("xfs:1G"),
            login="operator",
            systemd=False,
            rootless=False,
            finder=lambda program: None if program in absent else f"/bin/{program}",
        )
    assert raised.value.hint == "apt-get install iproute2 openssh-client openssh-server sudo xfsprogs"
    assert all(program in raised.value.message for program in absent)


@pytest.mark.parametrize(
    ("login", "rootless", "file_system", "more"),
    [
        ("root", False, None, set()),
        ("clerk", False, None, {"sudo"}),
        ("root", True, None, {"newuidmap", "unshare"}),
        ("root", False, "ext4:64M", {"losetup", "mkfs.ext4"}),
    ],
)
def test_only_what_the_settings_need(login: str, rootless: bool, file_system: str | None, more: set[str]) -> None:
    least = set(needed_programs(file_system=None, login="root", rootless=False))
    wanted = parse_file_system(file_system) if file_system else None
    assert set(needed_programs(file_system=wanted, login=login, rootless=rootless)) == least | more


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        ("mary:100000:65536\n", True),
        ("1000:100000:65536\n", True),
        ("mary:100000:1000\n", False),
        ("john:100000:65536\n", False),
        ("mary:100000\n", False),
        ("", False),
    ],
)
def test_ranges_of_user_numbers(tmp_path: Path, text: str, enough: bool) -> None:
    file = tmp_path / "subuid"
    file.write_text(text)
    assert has_range(file, "mary", 1000) is enough


def test_no_file_is_no_range(tmp_path: Path) -> None:
    assert not has_range(tmp_path / "absent", "mary", 1000)


@pytest.mark.parametrize(
    ("effective", "lacking"),
    [
        ("000001ffffffffff", []),
        ("00000000a80425fb", ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"]),
        ("0000000000200000", ["CAP_NET_ADMIN"]),
    ],
)
def test_rights_that_root_lacks_in_a_container(effective: str, lacking: list[str]) -> None:
    assert missing_rights(f"Name:\tpython\nCapPrm:\t0\nCapEff:\t{effective}\n") == lacking
