"""The front as people read it, on a terminal and in a pipe."""

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from nas.patterns.label import label
from nas.report.front_table import front_lines, front_table
from nas.results.front import Estimate
from nas.results.objective import Objective
from nas.results.trial import TrialState
from tests.fronts import (
    LONG_PATTERN,
    QUALITY,
    change_entries,
    make_checkpoint_front,
    make_fidelity,
    make_score,
    make_target_front,
)
from tests.result_strategies import fronts
from tests.strategies import quick


def _shown(front, width: int = 120) -> str:
    """The table as a terminal of that width has it."""
    console = Console(width=width, force_terminal=True, record=True, file=StringIO())
    console.print(front_table(front, width))
    return console.export_text()


def _trials(lines: list[str]) -> list[str]:
    words = [line.split()[0] for line in _table(lines) if line.strip()]
    return [word for word in words if word.isdigit()]


def _table(lines: list[str]) -> list[str]:
    """From the headings on: sentences above them may begin with a number."""
    return lines[lines.index(_heading(lines)) :]


def _heading(lines: list[str]) -> str:
    return next(line for line in lines if line.startswith("trial"))


def test_points_come_by_quality_then_the_other_baselines(front):
    turned = replace(front, points=front.points[::-1])
    order = ["9", "14", "2", "26", "0", "1"]
    assert _trials(front_lines(turned)) == order
    assert _trials(_shown(turned).splitlines()) == order


def test_more_is_better_where_the_task_says_so(front):
    accuracy = Objective(name="quality", unit="accuracy", direction="maximize")
    assert _trials(front_lines(replace(front, objectives=(accuracy, *front.objectives[1:]))))[:4] == [
        "26", "2", "14", "9",
    ]  # fmt: skip


def test_a_row_has_the_estimate_what_was_measured_units_ratios_and_the_label(front):
    row = next(line for line in front_lines(front) if line.lstrip().startswith("9"))
    cells = [cell.strip() for cell in row.split("  ") if cell]
    assert cells[-6:-1] == ["2.052 ± 0.006", "2.050", "240 MFLOP 0.60x", "205 KiB 0.80x", "83%"]
    assert cells[-1] == label(front.points[0].pattern)


def test_a_row_of_the_table_has_what_decides(front):
    row = next(line for line in _shown(front).splitlines() if line.lstrip().startswith("9"))
    assert [cell.strip() for cell in row.split("  ") if cell.strip()] == [
        "9", "2.052 ± 0.006", "0.60x", "0.80x", "83%", label(front.points[0].pattern),
    ]  # fmt: skip
    assert "measured" not in _heading(_shown(front).splitlines())
    assert any(line.startswith("More with --wide: what was measured") for line in _shown(front).splitlines())
    assert not any("--wide" in line for line in front_lines(front))


def test_where_noise_is_unknown_only_what_was_measured_is_shown(front):
    def alone(entry):
        known = {"quality": Estimate(mean=entry.values["quality"], standard_deviation=None)} if entry.values else {}
        return {"estimates": known}

    unknown = change_entries(front, alone)
    row = next(line for line in front_lines(unknown) if line.lstrip().startswith("26"))
    assert "2.500 " in row and "±" not in "".join(front_lines(unknown)) + _shown(unknown)
    assert "measured" in _heading(front_lines(front)) and "measured" not in _heading(front_lines(unknown))


def test_points_are_sorted_by_estimates(front):
    turned = change_entries(
        front, lambda entry: {"estimates": {"quality": Estimate(mean=float(entry.trial), standard_deviation=0.1)}}
    )
    assert _trials(front_lines(turned))[:4] == ["2", "9", "14", "26"]


def test_a_column_says_how_probably_a_point_is_on_the_front(front):
    lines = front_lines(front)
    assert _heading(lines).split("  ")[-2:] == ["on front", "pattern"]
    cells = {line.split()[0]: line.split() for line in _table(lines)[1:7]}
    assert [cells[trial][11] for trial in ("9", "14")] == ["83%", "40%"]
    assert "-" in cells["26"] and "-" in cells["1"]
    assert lines[-3] == "on front = probability of being on the front, given the noise of qualities; costs are exact."
    assert "83%" in _shown(front)
    unknown = change_entries(front, lambda _: {"front_probability": None})
    assert "on front" not in "".join([*front_lines(unknown)[1:], _heading(_shown(unknown).splitlines())])


def test_a_baseline_without_result_says_why(front):
    assert any("bigbird (over budget)" in line for line in front_lines(front))
    assert "bigbird (over budget)" in _shown(front)


def test_a_baseline_on_the_front_stands_there_once(front):
    assert sum("local_global" in line for line in _table(front_lines(front))) == 1
    points, baselines = _shown(front).split("Baselines that are not on the front:")
    assert "local_global" in points and "local_global" not in baselines


def test_what_won_and_by_how_much_comes_before_the_table(front):
    counted = replace(front, trials={TrialState.FINISHED: 6, TrialState.OVER_BUDGET: 1})
    for lines in (front_lines(counted), _shown(counted).splitlines()):
        text = " ".join(lines[: lines.index(_heading(lines))])
        assert "Searched: 4 sampled patterns and 3 baselines" in text and "best compromise" in text
        assert text.index("Against full attention (trial 0): quality better by") > text.index("best compromise")


def test_the_short_forms_of_labels_are_explained_below_it(front):
    for lines in (front_lines(front), _shown(front, 80).splitlines()):
        assert "w8 = window of 8 keys" in " ".join(lines[lines.index(_heading(lines)) :])


def test_an_empty_front_says_so(front):
    empty = replace(front, points=(), baselines=())
    assert front_lines(empty)[-1] == "No trial finished and kept the constraints."
    assert "No trial finished and kept the constraints." in _shown(empty)
    assert "Baselines" not in _shown(empty)


def test_plain_columns_line_up_and_are_never_cut_or_wrapped(front):
    name = "a_name_longer_than_any_terminal_" * 9
    full, *others = front.baselines
    long = replace(
        front, baselines=(replace(full, baseline=name, pattern=LONG_PATTERN, pattern_id=LONG_PATTERN.id), *others)
    )
    lines = front_lines(long)
    assert sum(line.endswith(f"  {name}  {label(LONG_PATTERN)}") for line in lines) == 1
    assert _trials(lines) == ["9", "14", "2", "26", "0", "1"]
    assert len({line.index("MFLOP") for line in lines if "MFLOP" in line}) == 1
    first = next(line for line in lines if line.lstrip().startswith("9 "))
    assert _heading(lines).index("pattern") == first.rindex(label(front.points[0].pattern))


NUMBERS = (["9", "2.052", "±", "0.006", "0.60x", "0.80x", "83%"], ["0", "2.302", "±", "0.006", "1.00x", "1.00x"])
"""The beginnings of two rows."""


@pytest.mark.parametrize("width", [40, 50, 80, 100, 200])
def test_the_table_keeps_to_the_width_and_loses_nothing(front, width):
    wide = replace(
        change_entries(front, lambda _: {"pattern": LONG_PATTERN, "pattern_id": LONG_PATTERN.id}),
        fidelity=make_fidelity(),
    )
    lines = _shown(wide, width).splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines) and "..." not in "".join(lines)
    assert set(_trials(lines)) == {"9", "14", "2", "26", "0", "1"}
    words = "\n".join(lines).split()
    for numbers in NUMBERS:
        assert all(words.count(number) for number in numbers), numbers
        assert width < 60 or sum(line.split()[: len(numbers)] == numbers for line in lines) == 1, numbers
    assert max(map(len, lines)) < len(label(LONG_PATTERN)), "labels fold"
    assert "".join("".join(lines).split()).count("".join(label(LONG_PATTERN).split())) == 6


@pytest.mark.parametrize("width", [80, 200])
def test_a_row_of_numbers_is_one_line(front, width):
    lines = _shown(front, width).splitlines()
    row = next(line for line in lines if line.lstrip().startswith("9"))
    assert row.split()[:7] == NUMBERS[0]
    assert len(_trials(lines)) == len(set(_trials(lines))), "one table"


def test_short_labels_stand_beside_the_numbers_where_there_is_room_and_below_where_not(front):
    wanted = label(front.points[0].pattern)
    row = next(line for line in _table(_shown(front, 200).splitlines()) if "9" in line)
    assert row.endswith(f"0.60x     0.80x       83%  {wanted}")
    lines = _shown(
        change_entries(front, lambda _: {"pattern": LONG_PATTERN, "pattern_id": LONG_PATTERN.id}), 80
    ).splitlines()
    lines = _table(lines)
    place = next(place for place, line in enumerate(lines) if "9" in line)
    assert lines[place].rstrip().endswith("83%")
    assert label(LONG_PATTERN).startswith(lines[place + 1].strip())


def test_numbers_that_find_no_room_stand_in_a_further_table(front):
    scores = tuple(
        make_score(f"quality_task{index}", task=f"task{index}", unit="share of queries") for index in range(9)
    )
    many = change_entries(front, lambda entry: {"scores": {score.name: 0.5 for score in scores}}, scores=scores)
    lines = _shown(many, 80).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.count("0.500") for line in lines) == 9 * 5
    assert _trials(lines) == ["9", "14", "2", "26", "0", "1"] * (len(_trials(lines)) // 6)
    assert sum(line.count(label(front.points[0].pattern)) for line in lines) == 6, "labels stand there once"


def test_what_is_measured_at_other_lengths_has_a_column_if_wide(front):
    longer = make_score("quality_2x", times=2)
    more = change_entries(
        front,
        lambda entry: {"scores": entry.scores | ({"quality_2x": 2.25} if entry.trial in (9, 14) else {})},
        scores=(*front.scores, longer),
    )
    lines = front_lines(more)
    assert _heading(lines).endswith("quality at 2x  pattern")
    rows = _table(lines)[1:4]
    cells = [line.removesuffix(label(front.points[0].pattern)).removesuffix("local_global  ") for line in rows]
    assert [cell.split()[-1] for cell in cells] == ["2.250", "2.250", "-"]
    assert "quality at 2x" not in _shown(more, 140)


def test_several_tasks_are_called_by_their_names(front):
    ranks = Objective(name="quality", unit="mean rank", direction="minimize")
    scores = tuple(
        make_score(f"quality_{task}", task=task, unit=unit)
        for task, unit in (("text", "bits per byte"), ("recall", "share of queries"))
    )
    several = replace(front, objectives=(ranks, *front.objectives[1:]), scores=scores)
    heading = _heading(front_lines(several))
    assert "quality (mean rank)" in heading
    assert "text (bits per byte)" in heading and heading.endswith("recall (share of queries)  pattern")


def test_a_study_name_is_text_and_no_markup(front):
    marked = replace(front, study="[red]x[/nope]\n[bold]")
    assert "Pareto front of [red]x[/nope] [bold]" in _shown(marked)
    assert front_lines(marked)[0] == "Pareto front of [red]x[/nope] [bold]"


def test_a_study_without_quality_is_sorted_by_its_first_objective(front):
    def costs_alone(entry):
        return {"values": {name: value for name, value in entry.values.items() if name != QUALITY.name}}

    points = change_entries(replace(front, points=(), baselines=()), costs_alone, objectives=front.objectives[1:])
    cheap = replace(
        points,
        points=tuple(replace(point, **costs_alone(point)) for point in front.points),
        baselines=tuple(replace(one, **costs_alone(one)) for one in front.baselines),
    )
    assert _trials(front_lines(cheap))[:4] == ["26", "2", "14", "9"]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("front", [make_checkpoint_front(), make_target_front()], ids=["checkpoint", "target"])
def test_fronts_of_many_columns_are_one_table(front, width):
    lines = _shown(front, width).splitlines()
    assert max(map(len, lines)) <= width
    tables = sum(line.startswith("─") for line in lines)
    assert tables == 1 if width == 120 else tables <= 2
    assert len(_trials(lines)) == tables * (len(front.points) + 1)


def test_parts_of_a_task_are_one_column_with_the_worst(front):
    checkpoint = make_checkpoint_front()
    lines = _shown(checkpoint, 120).splitlines()
    row = next(line for line in lines if line.lstrip().startswith("1 "))
    assert "0.625 at depth 30" in row and "0.875" in row
    headings = lines[: lines.index(next(line for line in lines if line.startswith("─")))]
    headings = headings[len(headings) - headings[::-1].index("") :]
    assert sum("share of value" in line for line in headings) == 1, "a unit is told once"
    assert any(line.startswith("worst part = ") for line in lines)
    wide = front_lines(checkpoint)
    assert all(f"needle_depth_{depth}" in _heading(wide) for depth in (10, 30, 50, 70, 90))
    assert not any("worst part" in line for line in wide)
    assert not any("worst part" in line for line in _shown(front, 120).splitlines())


@quick
@given(fronts(), st.sampled_from([40, 80, 200]))
def test_every_front_can_be_shown(front, width):
    lines = _shown(front, width).splitlines()
    assert sum(line.startswith("─") for line in lines) >= 1
    listed = [*front.points, *front.other_baselines]
    assert len(front_lines(front)) >= len(listed) + 2
    for entry in listed:
        assert any(line.split()[:1] in ([f"{entry.trial}"],) for line in lines)
