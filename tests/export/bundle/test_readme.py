"""The README of a bundle."""

from msgspec.structs import replace

from nas.costs.counting import cost_with_ratio
from nas.costs.target import proxy_target
from nas.export import choose_best, choose_trial, export_points
from nas.export.bundle.readme import readme
from nas.patterns.label import label, label_lines, label_note
from nas.results.trial import TrialState
from tests.fronts import LONG_PATTERN, change_entries, make_provenance, make_trial


def test_the_readme_has_trial_results_costs_and_positions(front, tmp_path):
    entry = front.points[1]
    cost, ratio = cost_with_ratio(entry.pattern, proxy_target(num_layers=1, num_heads=2, num_tokens=32))
    counted = change_entries(front, lambda _: {"cost": cost, "ratio_to_full": ratio})
    written = export_points([choose_best(counted, "knee")], "pattern", tmp_path / "out")
    assert all(path.parent == tmp_path / "out" and path.is_file() for path in written)
    text = (tmp_path / "out" / "README.md").read_text()
    assert "found with rotary positions (`position: rope`)" in text
    assert "trial 5 of study demo" in text and "| quality | 2.1 | ± 0.01 | bits per byte | minimize |" in text
    assert "for one sequence of 32 tokens on the target proxy:" in text
    assert f"| pairs | {cost.pairs} | {ratio['pairs']:.2f}x |" in text
    assert "Stopped early" not in text
    assert f"\n    {label(entry.pattern)}\n" in text
    assert label_note([entry.pattern]) in " ".join(text.split())


def test_a_long_label_folds_in_the_readme(front):
    lines = label_lines(LONG_PATTERN, 90)
    assert len(lines) > 1
    text = readme(choose_trial(front, 5).provenance, LONG_PATTERN, "")
    assert "\n".join(f"    {line}" for line in lines) in text


def test_values_of_an_earlier_rung_are_called_that(front):
    """Halving stopped the trial at step 240 of 960; a baseline's entry in front.json does not contain its step."""
    front = replace(front, provenance=make_provenance(rungs=(240, 480, 960)))
    pattern = choose_trial(front, 0).pattern
    stopped = make_trial(7, TrialState.STOPPED, step=240, pattern=pattern, values={"quality": 2.5, "flops": 9.0})
    ended = replace(stopped, number=0, state=TrialState.FINISHED, step=960)
    for point, early in [
        (choose_trial(front, 7, [stopped]), True),
        (choose_trial(front, 0, [replace(stopped, number=0)]), True),
        (choose_trial(front, 0, [ended]), False),
        (choose_best(front, "knee"), False),
        (choose_trial(front, 7, [replace(stopped, step=0, values={})]), False),
    ]:
        text = readme(point.provenance, pattern, "")
        assert ("**Stopped early: these values are from step 240 of 960.**" in text) == early
        assert point.provenance.to_dict()["stopped_early"] == early
