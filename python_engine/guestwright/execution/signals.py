"""Ctrl-C and SIGTERM end a session cleanly: they set an event, and the phase loop does the rest."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def cancel_on_signal(tell: Callable[[str], None]) -> Iterator[threading.Event]:
    """Yield an event that the first signal sets; further ones change nothing, since the guests have to be released."""
    cancelled = threading.Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        again = cancelled.is_set()
        cancelled.set()
        what = "the guests are being released; please wait" if again else "stopping; every guest is released first"
        tell(f"{signal.Signals(number).name}: {what}")

    previous = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield cancelled
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
