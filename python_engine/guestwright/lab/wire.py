"""A slow wire in user space, for kernels without a delaying queue. Runs as a program in the bridge's namespace.

It takes a guest's port off the bridge and puts itself between: every frame waits its time, each way. SIGTERM puts
the port back.
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import os
import select
import signal
import struct
import subprocess
import sys
import time
from typing import Final, NoReturn

_SET_INTERFACE: Final = 0x400454CA
_TAP_WITHOUT_HEADER: Final = 0x1002
_FRAME: Final = 65536
_MOST_QUEUED: Final = 20_000


def _tap(name: str) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(descriptor, _SET_INTERFACE, struct.pack("16sH", name.encode(), _TAP_WITHOUT_HEADER))
    return descriptor


def _ip(*commands: str) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands).encode() + b"\n", check=True)


def run(port: str, bridge: str, seconds: float) -> NoReturn:
    """Delay the frames of a port, each way, until SIGTERM.

    Args:
        port: the bridge's port that leads to the guest.
        bridge: the lab's bridge.
        seconds: how long each frame waits.
    """
    number = port.removeprefix("guest")
    outer, inner, side = f"wire{number}a", f"wire{number}b", f"slow{number}"
    taps = {_tap(outer): 0, _tap(inner): 0}
    first, second = taps
    other = {first: second, second: first}

    def leave(*_: object) -> NoReturn:
        _ip(f"link set {port} master {bridge}", f"link del {side}")
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    _ip(
        f"link add {side} type bridge",
        f"link set {side} up",
        f"link set {outer} master {bridge} up",
        f"link set {inner} master {side} up",
        f"link set {port} master {side}",
    )
    print("ready", flush=True)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    queue: list[tuple[float, int, int, bytes]] = []
    count = 0
    while True:
        wait = max(0.0, queue[0][0] - time.monotonic()) if queue else None
        for tap in select.select([first, second], [], [], wait)[0]:
            with contextlib.suppress(BlockingIOError):
                for _ in range(64):
                    frame = os.read(tap, _FRAME)
                    count += 1
                    if len(queue) < _MOST_QUEUED:
                        heapq.heappush(queue, (time.monotonic() + seconds, count, other[tap], frame))
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            _, _, target, frame = heapq.heappop(queue)
            with contextlib.suppress(OSError):
                os.write(target, frame)


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], float(sys.argv[3]) / 1000)
