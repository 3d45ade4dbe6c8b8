from __future__ import annotations

from typing import Any

import pytest
from benchmark.figures import OURS, Figure, Sample, Target, figures, ratio, verdicts
from benchmark.table import markdown, published, table


def sample(case: str = OURS, wall: float = 2.0, **changes: Any) -> Sample:
    values: dict[str, Any] = {
        "guests": 50,
        "payload": "real",
        "seconds": {"run": wall},
        "cpu_seconds": 4.0,
        "guest_cpu_seconds": 1.0,
        "peak_bytes": 100 * 2**20,
    }
    return Sample(case, **(values | changes))


def one(*samples: Sample) -> Figure:
    return figures(samples)[0]


def test_a_figure_is_the_median_of_its_runs() -> None:
    found = one(sample(wall=9.0), sample(wall=1.0), sample(wall=2.0))
    assert (found.wall, found.runs, found.seconds) == (2.0, 3, {"run": 2.0})


def test_the_wall_time_is_that_of_all_commands() -> None:
    assert one(sample(seconds={"deploy": 3.0, "release": 1.5})).wall == 4.5


def test_sizes_and_payloads_stay_apart() -> None:
    found = figures([sample(), sample(guests=10), sample(payload="padded"), sample()])
    assert [(figure.guests, figure.payload, figure.runs) for figure in found] == [
        (50, "real", 2),
        (10, "real", 1),
        (50, "padded", 1),
    ]


def test_a_run_that_failed_spoils_no_median_but_is_told() -> None:
    found = one(sample(wall=0.1, problem="linux-001: no helper"), sample(wall=2.0), sample(wall=4.0))
    assert (found.wall, found.runs, found.problem) == (3.0, 2, "linux-001: no helper")


@pytest.mark.parametrize(("numerator", "denominator"), [("", "left behind"), ("left behind", "")])
def test_there_is_no_ratio_with_a_case_that_failed(numerator: str, denominator: str) -> None:
    assert ratio(one(sample(problem=numerator)), one(sample(problem=denominator))) is None


def test_a_ratio_says_how_many_times_longer_a_case_took() -> None:
    assert ratio(one(sample("ssh", wall=3.0)), one(sample(wall=2.0))) == 1.5


AT_LEAST = Target("pyinfra / guestwright", "pyinfra", OURS, "wall", at_least=2)
AT_MOST = Target("guestwright / ssh", OURS, "ssh", "wall", at_most=1.2)
CPU = Target("CPU per guest", OURS, None, "cpu_per_guest", at_most=0.160)
MEMORY = Target("memory", OURS, None, "peak_bytes", at_most=400 * 2**20)


@pytest.mark.parametrize(
    ("target", "samples", "value", "met"),
    [
        (AT_LEAST, [sample(), sample("pyinfra", wall=4.0)], 2.0, True),
        (AT_LEAST, [sample(), sample("pyinfra", wall=3.9)], 1.95, False),
        (AT_LEAST, [sample(), sample("pyinfra", wall=4.0, problem="left behind")], None, None),
        (AT_LEAST, [sample()], None, None),
        (AT_MOST, [sample(wall=3.0), sample("ssh", wall=2.5)], 1.2, True),
        (AT_MOST, [sample(wall=3.0), sample("ssh", wall=2.0)], 1.5, False),
        (CPU, [sample(cpu_seconds=8.0)], 0.160, True),
        (CPU, [sample(cpu_seconds=9.0)], 0.180, False),
        (MEMORY, [sample(peak_bytes=400 * 2**20)], 400 * 2**20, True),
        (MEMORY, [sample(peak_bytes=400 * 2**20 + 1)], 400 * 2**20 + 1, False),
        (MEMORY, [sample(problem="left behind")], None, None),
    ],
)
def test_a_target_is_met_missed_or_not_measured(
    target: Target, samples: list[Sample], value: float | None, met: bool | None
) -> None:
    [verdict] = verdicts(figures(samples), [target])
    assert verdict.met is met
    assert verdict.value == pytest.approx(value)


@pytest.mark.parametrize(("guests", "judged"), [(10, 0), (50, 1), (100, 1), (10_000, 0)])
def test_a_target_is_judged_only_at_its_sizes(guests: int, judged: int) -> None:
    found = figures([sample(guests=guests), sample("ssh", guests=guests)])
    assert len(verdicts(found, [AT_MOST])) == judged


def test_a_table_has_one_line_per_row_and_aligned_columns() -> None:
    lines = table(("case", "wall"), [("a", "10.00"), ("plain|ssh", "2")]).splitlines()
    assert lines == [
        "| case       | wall  |",
        "| ---------- | ----- |",
        "| a          | 10.00 |",
        "| plain\\|ssh | 2     |",
    ]


def test_the_report_has_ratios_verdicts_failures_and_the_machine() -> None:
    measured = figures(
        [
            sample(wall=2.0),
            sample("ssh", wall=1.0, seconds={"deploy": 0.75, "release": 0.25}),
            sample("pyinfra", problem="linux-007: no helper"),
            sample("ansible-inventory", guests=10_000, payload="inventory", wall=4.0),
            sample("plan", guests=10_000, payload="inventory", wall=5.0),
        ]
    )
    lines = markdown(measured, verdicts(measured, [AT_LEAST, AT_MOST, MEMORY]), {"cores": 2}).splitlines()
    cells = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]] for line in lines if "|" in line
    }
    assert cells["ssh"][1:4] == ["1.00", "deploy 0.75 + release 0.25", "0.50x"]
    assert cells["plan"][2] == "1.25x"
    assert cells["guestwright / ssh"] == ["50", "real", "at most 1.20x", "2.00x", "**missed**"]
    assert cells["pyinfra / guestwright"][-2:] == ["-", "not measured"]
    assert cells["memory"][2:] == ["at most 400 MiB", "100 MiB", "met"]
    assert "- **pyinfra failed**: linux-007: no helper" in lines
    assert "- cores: 2" in lines


def test_publishing_replaces_what_is_between_the_marks_alone() -> None:
    document = "# Page\n<!-- begin: figures -->\nold\n<!-- end: figures -->\nend\n"
    expected = "# Page\n<!-- begin: figures -->\n### Targets\n\n| a |\n<!-- end: figures -->\nend\n"
    assert published(document, "## Targets\n\n| a |\n") == expected
    assert published(expected, "## Targets\n\n| a |\n") == expected


def test_publishing_needs_the_marks() -> None:
    with pytest.raises(ValueError, match="begin: figures"):
        published("# Page\n", "## Targets\n")
