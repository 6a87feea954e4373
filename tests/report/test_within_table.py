"""The answer to a budget as a table."""

from msgspec.structs import replace

from nas.patterns.label import label, label_note
from nas.report.within_table import within_lines
from nas.results.front import Estimate
from nas.results.within import MeasuredWithin, PredictedWithin, Within
from tests.fronts import make_front

FRONT = make_front()
POINT = FRONT.points[0]
SHARES = {goal.name: 0.25 for goal in FRONT.objectives if goal.is_cost}
FOUND = Within(
    study=FRONT.study,
    constraints={"kv_cache_ratio": 0.3},
    objectives=FRONT.objectives,
    measured=(
        MeasuredWithin(
            trial=7,
            baseline="streaming",
            values=dict(POINT.values),
            shares=SHARES,
            pattern_id=POINT.pattern_id,
            pattern=POINT.pattern,
        ),
    ),
    predicted=(
        PredictedWithin(
            params={"num_sinks": 4, "order": "both"},
            expected={
                goal.name: Estimate(mean=1.25, standard_deviation=0.5) for goal in FRONT.objectives if not goal.is_cost
            },
            shares=SHARES,
            pattern_id=POINT.pattern_id,
            pattern=POINT.pattern,
        ),
    ),
    why_none_predicted="",
    num_trials=12,
)


def test_what_is_predicted_is_told_from_what_is_measured() -> None:
    lines = within_lines(FOUND, 100)
    measured, predicted = (
        lines.index("Measured:"),
        next(i for i, line in enumerate(lines) if line.startswith("Predicted")),
    )
    assert lines[predicted] == "Predicted by the study's model of 12 trials, until a trial confirms it:"
    assert measured < lines.index("      streaming") < predicted < lines.index("      num_sinks=4 order=both")
    assert lines[measured + 2].split()[0] == "7" and "0.25x" in lines[measured + 2]
    assert "1.250 ± 0.500" in lines[predicted + 2] and lines[predicted + 2].split()[0] == "-"
    assert sum(label(POINT.pattern) in line for line in lines) == 2


def test_what_is_not_predicted_has_its_reason() -> None:
    lines = within_lines(replace(FOUND, predicted=(), why_none_predicted="Nothing was surveyed."), 100)
    assert "Nothing was surveyed." in lines


def test_patterns_wrap_at_the_width() -> None:
    lines = within_lines(FOUND, 60)
    assert all(len(line) <= 60 for line in [line for line in lines if line.startswith("      ")] + lines[-5:])
    assert label_note([POINT.pattern]) in " ".join(lines)
