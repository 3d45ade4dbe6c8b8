# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the guest program: command lines, what goes over standard input, and reading the answer.

A command line holds only words that are checked here (session, operation, verb) and fixed text; everything else
travels over standard input, so no value can do anything in a shell.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass
from typing import Any

from ansible_collections.guestwright.components.plugins.module_utils.components import wire
from ansible_collections.guestwright.components.plugins.plugin_utils import bundle

EXIT_NOT_DEPLOYED = 96
EXIT_NO_PYTHON = 97
EXIT_DAMAGED = 98

CARRIED_VERBS = ("prepare", "probe", "release", "orphans")

_FLAGS = "-E -s -S -B"
_PYTHONS = (
    "python3",
    "/usr/libexec/platform-python",
    *(f"python3.{minor}" for minor in range(14, 7, -1)),
)

_BOOTSTRAP = """import sys
if sys.version_info < (3, 8):
    sys.exit(97)
sys.path = [path for path in sys.path if path]
import os
stream = sys.stdin.buffer
words = stream.readline(512).split()
whole = len(words) == 5 and words[0] == b"GUESTWRIGHT1" and (words[1] + words[2]).isdigit()
whole = whole and max(int(words[1]), int(words[2])) <= 67108864
request = stream.read(int(words[1])) if whole else b""
payload = stream.read(int(words[2])) if whole else b""
try:
    if len(payload) > 1000000:
        raise ImportError
    from _sha256 import sha256
except ImportError:
    from hashlib import sha256
build = sha256(payload).hexdigest()
sums = [sha256(request).hexdigest().encode(), build.encode()]
if not whole or [len(request), len(payload)] != [int(words[1]), int(words[2])] or sums != words[3:]:
    sys.stderr.write("guestwright: the components did not arrive whole; nothing was done" + os.linesep)
    sys.exit(98)
if hasattr(os, "memfd_create"):
    memory = os.memfd_create("guestwright")
else:
    memory = os.open("/dev/shm", os.O_TMPFILE | os.O_RDWR, 0o600)
with os.fdopen(os.dup(memory), "wb") as target:
    target.write(payload)
sys.path.insert(0, "/proc/self/fd/%d" % memory)
from guestwright_components import entry
sys.exit(entry.carried(request, payload, build))
"""

_SEARCH = """found=
for python in "$@"; do
command -v "$python" >/dev/null 2>&1 || continue
RUN
code=$?
case $code in
97) found="$found; $python is $("$python" -V 2>&1 </dev/null)";;
126|127) found="$found; $python does not start";;
*) exit $code;;
esac
done
[ -n "$found" ] || found="; none was found"
echo "guestwright: no Python 3.8 or newer on this guest$found; install one or set ansible_python_interpreter" >&2
exit 97"""

_CARRY = "word=$0 session=$1 verb=$2 operation=$3 program=$4\nshift 4\n" + _SEARCH.replace(
    "RUN", f'"$python" {_FLAGS} -c "$program" "$word" "$session" "$verb" "$operation"'
)

_DEPLOYED = (
    "word=$0 session=$1 verb=$2 operation=$3 program=/run/guestwright/$1/guestwright.pyz answer=$4\nshift 4\n"
    'if [ ! -f "$program" ]; then\n'
    '[ "$(id -u)" = 0 ] && exit 96\n'
    'echo; echo "$answer"; exit 0\nfi\n'
    + _SEARCH.replace("RUN", f'"$python" {_FLAGS} "$program" "$word" "$session" "$verb" "$operation"')
)


class NoAnswer(Exception):  # noqa: N818
    """The guest program printed no answer line: the link broke, or it did not start."""


@dataclass(frozen=True)
class Exec:
    """One command to run on a guest through its login shell, and the bytes for its standard input."""

    command: str
    stdin: bytes


def carried(request: dict[str, Any], python: str | None = None) -> Exec:
    """Return the exec that sends the components along and runs them from memory.

    Args:
        request: as the wire protocol has it.
        python: the interpreter that is tried first: `ansible_python_interpreter` where it is a path.

    Raises:
        ValueError: the session, the operation or the verb is not well formed.
    """
    payload = bundle.zipapp()
    return _exec(_CARRY, request, [_BOOTSTRAP], payload, python)


def deployed(request: dict[str, Any], python: str | None = None) -> Exec:
    """Return the exec that runs the deployed components; it exits with 96 where they are not there.

    Raises:
        ValueError: the session, the operation or the verb is not well formed.
    """
    denied = wire.failure(
        str(request.get("operation")), wire.GuestError("not_root", "guestwright needs root; set become: true")
    )
    line = wire.MARKER + json.dumps(denied)
    return _exec(_DEPLOYED, request, [line], b"", python)


def _exec(script: str, request: dict[str, Any], extra: list[str], payload: bytes, python: str | None) -> Exec:
    frame = wire.encode(request)
    try:
        wire.decode_request(frame)
    except wire.GuestError as error:
        raise ValueError(error.message) from error
    pythons = ([python] if python else []) + [name for name in _PYTHONS if name != python]
    words = [wire.ARGV_WORD, request["session"], request["verb"], request["operation"], *extra, *pythons]
    command = " ".join(["/bin/sh", "-c", *(shlex.quote(word) for word in (script, *words))])
    return Exec(command, _header(frame, payload) + frame + payload)


def _header(frame: bytes, payload: bytes) -> bytes:
    sums = " ".join(hashlib.sha256(part).hexdigest() for part in (frame, payload))
    return f"GUESTWRIGHT1 {len(frame)} {len(payload)} {sums}\n".encode("ascii")


def parse(stdout: str) -> dict[str, Any]:
    """Return the answer: the last answer line, whatever a banner or a profile printed around it.

    Raises:
        NoAnswer: there is none.
    """
    for line in reversed(stdout.splitlines()):
        text = line.strip()
        if text.startswith(wire.MARKER):
            try:
                answer = json.loads(text[len(wire.MARKER) :])
            except ValueError:
                continue
            if isinstance(answer, dict) and isinstance(answer.get("ok"), bool):
                return answer
    raise NoAnswer("the guest program gave no answer")
