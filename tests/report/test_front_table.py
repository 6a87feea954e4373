"""The front as people read it, on a terminal and in a pipe."""

from io import StringIO

from rich.console import Console

from nas.report.front_table import front_lines, front_table


def _shown(front, width: int = 120) -> str:
    console = Console(file=StringIO(), width=width, force_terminal=False)
    console.print(front_table(front))
    return console.file.getvalue()


def _trials(lines: list[str]) -> list[str]:
    words = [line.split()[0] for line in lines if line.strip()]
    return [word for word in words if word.removeprefix("≈").isdigit()]


def test_points_come_by_quality_then_the_other_baselines(front):
    front["points"].reverse()
    order = ["≈9", "14", "2", "26", "0", "1"]
    assert _trials(front_lines(front)) == order
    assert _trials(_shown(front).splitlines()) == order


def test_more_is_better_where_the_task_says_so(front):
    front["objectives"][0] = {"name": "quality", "unit": "accuracy", "direction": "maximize"}
    assert _trials(front_lines(front))[:4] == ["26", "2", "≈14", "9"]


def test_a_row_has_spread_units_and_ratios(front):
    row = next(line for line in front_lines(front) if line.lstrip().startswith("≈9"))
    assert [cell.strip() for cell in row.split("  ")][-3:] == ["2.050 ± 0.012", "240 MFLOP 0.60x", "205 KiB 0.80x"]
    assert "2.050 ± 0.012" in _shown(front) and "240 MFLOP 0.60x" in _shown(front)


def test_a_single_seed_has_no_spread(front):
    row = next(line for line in front_lines(front) if line.lstrip().startswith("26"))
    assert "2.500 " in row and "±" not in row


def test_a_mark_says_which_points_cannot_be_told_apart(front):
    assert front_lines(front)[-2].startswith("≈ cannot be told apart from the next point")
    front["points"][0]["indistinguishable_from"] = [26]  # not the neighbour
    front["points"][1]["indistinguishable_from"] = []
    assert "≈" not in "".join(front_lines(front)) + _shown(front)


def test_a_baseline_without_result_says_why(front):
    assert any("bigbird (over budget)" in line for line in front_lines(front))


def test_a_baseline_on_the_front_stands_there_once(front):
    assert sum("local_global" in line for line in front_lines(front)) == 1


def test_an_empty_front_says_so(front):
    front["points"], front["baselines"] = [], []
    assert front_lines(front)[-1] == "No trial finished and kept the constraints."
    assert "No trial finished and kept the constraints." in _shown(front)


def test_plain_columns_line_up_and_are_never_cut(front):
    front["baselines"][0]["baseline"] = "a_name_longer_than_any_terminal_" * 9
    lines = front_lines(front)
    assert any(front["baselines"][0]["baseline"] in line for line in lines)
    ends = {line.index("MFLOP") for line in lines if "MFLOP" in line}
    assert len(ends) == 1


def test_the_table_keeps_to_the_width_and_loses_nothing(front):
    for width in (50, 80):
        shown = _shown(front, width)
        assert max(map(len, shown.splitlines())) <= width
        assert "…" not in shown
        assert all(trial in _trials(shown.splitlines()) for trial in ("≈9", "14", "2", "26", "0", "1"))


def test_what_is_measured_besides_has_a_column(front):
    longer = {"name": "quality_2x", "task": "text", "times": 2, "unit": "bits per byte", "direction": "minimize"}
    front["scores"].append(longer)
    for entry in front["points"][:2]:
        entry["scores"] = entry["scores"] | {"quality_2x": 2.25}
    lines = front_lines(front)
    assert lines[2].endswith("quality at 2x")
    assert [line.split()[-1] for line in lines[3:6]] == ["2.250", "2.250", "-"]
    assert "quality at 2x" in " ".join(_shown(front, 140).split())


def test_several_tasks_are_called_by_their_names(front):
    front["objectives"][0] = {"name": "quality", "unit": "mean rank", "direction": "minimize"}
    front["scores"] = [
        {"name": f"quality_{task}", "task": task, "times": 1, "unit": unit, "direction": "minimize"}
        for task, unit in (("text", "bits per byte"), ("recall", "share of queries"))
    ]
    heading = front_lines(front)[2]
    assert "quality (mean rank)" in heading
    assert "text (bits per byte)" in heading and heading.endswith("recall (share of queries)")


def test_a_study_name_is_text_and_no_markup(front):
    front["study"] = "[red]x[/nope]\n[bold]"
    assert "Pareto front of [red]x[/nope] [bold]" in _shown(front)
    assert front_lines(front)[0] == "Pareto front of [red]x[/nope] [bold]"


def test_a_study_without_quality_is_sorted_by_its_first_objective(front):
    front["objectives"] = front["objectives"][1:]
    assert _trials(front_lines(front))[:4] == ["26", "2", "≈14", "9"]
