"""A guest's account files, made from the machine's."""

from __future__ import annotations

from guestwright.lab.accounts import SUDO_RULES, accounts

PASSWD = """\
root:x:0:0:root:/root:/bin/zsh
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
mary:x:2001:2001::/home/mary:/bin/sh
"""
GROUP = "root:x:0:\nmary:x:2001:\nbooks:x:2002:\noperator:x:37:\n"


def made() -> dict[str, dict[str, list[str]]]:
    found = accounts(PASSWD, GROUP, "$6$hash")
    texts = {"passwd": found.passwd, "group": found.group, "shadow": found.shadow}
    return {name: {line.split(":")[0]: line.split(":") for line in text.splitlines()} for name, text in texts.items()}


def test_no_password_of_the_machine_is_taken_along() -> None:
    shadow = made()["shadow"]
    assert {name: fields[1] for name, fields in shadow.items()} == {
        "root": "*",
        "sshd": "*",
        "mary": "*",
        "operator": "*",
        "clerk": "$6$hash",
    }


def test_our_users_get_numbers_that_nobody_has() -> None:
    files = made()
    assert files["passwd"]["operator"][2:6] == ["2003", "2003", "", "/home/operator"]
    assert files["passwd"]["clerk"][2] == "2004"
    assert files["group"]["operator"] == ["operator", "x", "2003", ""]


def test_programs_users_stay_and_root_has_a_common_shell() -> None:
    files = made()
    assert files["passwd"]["sshd"][6] == "/usr/sbin/nologin"
    assert files["passwd"]["root"][6] == "/bin/bash"


def test_only_operator_needs_no_password_for_sudo() -> None:
    assert [line.split()[0] for line in SUDO_RULES.splitlines() if "NOPASSWD" in line] == ["operator"]
