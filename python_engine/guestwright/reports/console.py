"""The live lines of a run: one per guest and phase that ended. Pure formatting; the caller prints them."""

from __future__ import annotations

from guestwright.reports.words import duration, one_line

_PHASE_WIDTH = 8
_OUTCOME_WIDTH = 8


def progress_line(
    phase: str,
    guest: str,
    outcome: str,
    seconds: float | None,
    done: int,
    total: int,
    detail: str = "",
    guest_width: int = 0,
) -> str:
    """Return a line such as `[prepare  12/50] linux-012  prepared  0.41 s  runtime over admin`.

    Args:
        phase: the phase that ended on the guest.
        guest: the guest's inventory name.
        outcome: what the phase's result says, such as `prepared` or `failed`.
        seconds: how long the phase took on this guest; None where that is not known.
        done: how many guests the phase is done with, this one included.
        total: how many guests the phase concerns.
        detail: what else the reader should know, such as the method or the error.
        guest_width: pads the name, so that the columns of a run stand below each other.
    """
    counter = f"{done:>{len(str(total))}}/{total}"
    took = "" if seconds is None else duration(seconds)
    columns = [
        f"[{phase:<{_PHASE_WIDTH}} {counter}] {one_line(guest):<{guest_width}}",
        f"{outcome:<{_OUTCOME_WIDTH}}",
        took,
        one_line(detail),
    ]
    return "  ".join(column for column in columns if column).rstrip()
