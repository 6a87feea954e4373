"""The benchmark of recall beside text, judged by a larger model."""

from pathlib import Path

import pytest
from scipy.stats import kendalltau, rankdata
from second_task import TABLES, by_counterpart, lines, main, taus
from transfer import Truth, values_at

from nas.ground_truth.file import read_table

TEXT = TABLES / "ladder" / "S-base100-drawn.jsonl"
RECALL = TABLES / "anchors" / "S-recall-drawn.jsonl"
LARGE = TABLES / "ladder" / "M-drawn.jsonl"


def test_both_is_the_mean_of_two_ranks() -> None:
    names = "abcdefghij"
    truth = {name: float(place) for place, name in enumerate(names)}
    text = {name: float(place) for place, name in enumerate("badcfehgji")}
    recall = {name: 0.0 if name < "f" else 1.0 for name in names} | {"z": 3.0}
    num, found = taus(truth, text, recall)
    ranks = [rankdata([one[name] for name in names]) for one in (text, recall)]
    end = [truth[name] for name in names]
    assert num == 10
    assert found == pytest.approx([kendalltau(each, end).statistic for each in (*ranks, sum(ranks))])
    assert found[2] > max(found[:2]), "each says what the other does not"


def test_too_few_patterns_say_nothing() -> None:
    few = {name: float(place) for place, name in enumerate("abcdefg")}
    assert taus(few, few, few) == (7, [None] * 3)


def test_patterns_of_another_length_are_found_in_the_larger_model() -> None:
    truth, recall = Truth.of(read_table(LARGE)), read_table(RECALL)
    values = by_counterpart(truth, recall, values_at(recall, recall.plan.rungs[-1]))
    assert len(values.keys() & truth.values.keys()) == len(recall.plan.entries) == 30
    there, here = (
        next(entry.pattern.id for entry in table.plan.entries if entry.baseline == "full")
        for table in (truth.table, recall)
    )
    ends = values_at(recall, recall.plan.rungs[-1])
    assert there != here and values[there] == ends[here] < -0.9, "more of the queries is better"
    assert len(lines(truth, read_table(TEXT), recall)) == 4 + 7


def test_a_table_of_text_is_no_table_of_recall(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--recall", str(TEXT)]) == 2
    assert "must be a table of a task with accuracies" in capsys.readouterr().err
    assert main(["--truth", str(tmp_path / "none.jsonl")]) == 2
