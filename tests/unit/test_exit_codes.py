from __future__ import annotations

import pytest
from guestwright.exit_codes import ExitCode, worst


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        ([0, 7], 7),
        ([5, 7], 5),
        ([4, 5], 4),
        ([6, 4, 5], 6),
        ([1, 6], 1),
        ([64, 1], 64),
        ([3, 64], 3),
        ([130, 3, 6], 130),
    ],
)
def test_the_worst_code_wins(codes: list[int], expected: int) -> None:
    assert worst(ExitCode(code) for code in codes) == expected
