"""From a front to files."""

import json
from dataclasses import replace

import pytest

from nas.costs.counting import cost_with_ratio, count_cost
from nas.costs.proxy_target import proxy_target
from nas.errors import ExportError, InputError
from nas.export import FORMATS, ExportSettings, choose_best, choose_trial, export_points, whole_front
from nas.export.bundle.readme import readme
from nas.patterns.file import load_pattern
from nas.results.trial import Trial, TrialState


def test_the_readme_tells_of_trial_results_costs_and_positions(front, tmp_path):
    entry = front["points"][1]
    target = proxy_target(num_layers=1, num_heads=2, num_tokens=32)
    cost, entry["ratio_to_full"] = cost_with_ratio(load_pattern(entry["pattern"]), target)
    entry["cost"], front["provenance"]["target"] = cost.to_dict(), "proxy"
    written = export_points([choose_best(front, "knee")], "pattern", tmp_path / "out")
    assert all(path.parent == tmp_path / "out" and path.is_file() for path in written)
    text = (tmp_path / "out" / "README.md").read_text()
    assert "found with rotary positions (`position: rope`)" in text
    assert "trial 5 of study demo" in text and "| quality | 2.1 | ± 0.01 | bits per byte | minimize |" in text
    assert "for one sequence of 32 tokens on the target proxy:" in text
    assert f"| pairs | {cost.pairs} | {entry['ratio_to_full']['pairs']:.2f}x |" in text
    assert "Stopped early" not in text


def test_values_of_an_earlier_rung_are_called_that(front):
    """Halving stopped the trial at step 240 of 960; a baseline's entry in front.json does not say its step itself."""
    front["provenance"]["rungs"] = [240, 480, 960]
    pattern = choose_trial(front, 0).pattern
    stopped = Trial(
        number=7, state=TrialState.STOPPED, step=240, pattern=pattern, values={"quality": 2.5, "flops": 9.0}
    )
    ended = replace(stopped, number=0, state=TrialState.FINISHED, step=960)
    for point, early in [
        (choose_trial(front, 7, [stopped]), True),
        (choose_trial(front, 0, [replace(stopped, number=0)]), True),
        (choose_trial(front, 0, [ended]), False),
        (choose_best(front, "knee"), False),
        (choose_trial(front, 7, [replace(stopped, step=0, values={})]), False),
    ]:
        text = readme(point.provenance, "rope", "")
        assert ("**Stopped early: these values are of step 240, of 960.**" in text) == early
        assert point.provenance.to_dict()["stopped_early"] == early


def test_a_trial_that_is_not_on_the_front_is_compared_with_the_studys_full_attention(front):
    target = proxy_target(num_layers=1, num_heads=2, num_tokens=32)
    full, some = (load_pattern(entry["pattern"]) for entry in (front["baselines"][0], front["points"][0]))
    front["baselines"][0]["cost"] = count_cost(full, target).to_dict()
    trial = Trial(number=7, state=TrialState.FINISHED, pattern=some, cost=count_cost(some, target))
    told = choose_trial(front, 7, [trial]).provenance
    assert told.cost == count_cost(some, target).to_dict()
    assert told.ratio_to_full == count_cost(some, target).ratio_to(count_cost(full, target))


def test_the_pattern_file_reads_back(front, tmp_path):
    point = choose_trial(front, 12)
    export_points([point], "pattern", tmp_path)
    assert load_pattern(tmp_path / "pattern.json") == point.pattern


def test_provenance_says_where_the_pattern_comes_from(front, tmp_path):
    export_points([choose_trial(front, 3)], "pattern", tmp_path)
    document = json.loads((tmp_path / "provenance.json").read_text())
    entry = front["points"][0]
    assert document == {
        "schema": "nas.provenance/1",
        "study": "demo",
        "trial": 3,
        "pattern_id": entry["pattern_id"],
        "baseline": None,
        "objectives": front["objectives"],
        "scores": [],
        "values": entry["values"],
        "step": 0,
        "stopped_early": False,
        "seeds": [0, 1],
        "spread": {"quality": 0.01},
        "cost": {},
        "ratio_to_full": {},
        "made_with": {
            "versions": {"torch": "2.13.0"},
            "corpus_hash": "cd" * 32,
            "task_fingerprint": "ab" * 32,
        },
    }


def test_the_whole_front_is_one_folder_a_trial(front, tmp_path):
    export_points(whole_front(front), "pattern", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trial-00003", "trial-00005", "trial-00012"]
    for point in front["points"]:
        assert load_pattern(tmp_path / f"trial-{point['trial']:05d}" / "pattern.json").id == point["pattern_id"]


def test_one_existing_file_keeps_the_whole_front_from_being_written(front, tmp_path):
    (tmp_path / "trial-00012").mkdir()
    (tmp_path / "trial-00012" / "pattern.json").write_text("mine")
    with pytest.raises(ExportError, match=r"trial-00012/pattern\.json: exists already"):
        export_points(whole_front(front), "pattern", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["trial-00012"]


def test_an_unknown_format_names_the_nearest(front, tmp_path):
    with pytest.raises(InputError, match=r"--format: .*got 'patern'\. Did you mean 'pattern'"):
        export_points(whole_front(front), "patern", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_export_that_reads_back_wrong_is_never_written(front, tmp_path, monkeypatch):
    other = choose_trial(front, 0).pattern
    broken = replace(FORMATS["flex"], write=lambda _, *rest: FORMATS["flex"].write(other, *rest))
    monkeypatch.setitem(FORMATS, "broken", broken)
    with pytest.raises(ExportError, match=r"trial 5: .*layer 0, head 0, at 17 tokens\. Nothing was written"):
        export_points([choose_trial(front, 5)], "broken", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_option_that_the_target_would_ignore_is_refused(front, tmp_path):
    with pytest.raises(InputError, match=r"--tokens: must be left out, as duo-attention takes --kv-heads, got 64"):
        export_points(whole_front(front), "duo-attention", tmp_path / "out", settings=ExportSettings(num_tokens=64))
    with pytest.raises(InputError, match=r"--block: must be left out, as flex takes none of these options, got 64"):
        export_points(whole_front(front), "flex", tmp_path / "out", settings=ExportSettings(block_tokens=64))
    assert not (tmp_path / "out").exists()


def test_a_hostile_study_name_stays_text(front, tmp_path):
    front["study"] = '"""\n# <script>`x`'
    export_points([choose_best(front, "knee")], "flex", tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "\n# <" not in text and "<script>" not in text.replace("\\<script\\>", "")
    compile((tmp_path / "attention_pattern.py").read_text(), "attention_pattern.py", "exec")
