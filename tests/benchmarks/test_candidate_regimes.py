"""The benchmark of regimes that `nas` does not have, on the patterns that a larger model was trained on."""

from dataclasses import replace
from pathlib import Path

import candidate_regimes
import msgspec
import numpy as np
import pytest
from candidate_regimes import LIKE, REGIMES, Row, as_table, known_rows, lines, main, train
from needle_text import MARKS, VALUE, WIDTH, NeedleText, put_needles
from transfer import projections_at, values_at

from nas.ground_truth.file import read_table
from nas.tasks.language.text import TextSettings, TextTask
from nas.tasks.rng import Rng, Stream
from nas.tasks.task import IGNORED_TARGET

SETTINGS = TextSettings(num_tokens=64, validation_sequences=8)


def test_every_question_stands_behind_its_needle_and_asks_for_it() -> None:
    windows = np.full((200, 129), ord("."), dtype=np.int64)
    asked = put_needles(windows, Rng(3, Stream.TRAIN, 0))
    assert len({row.tobytes() for row in asked}) > 50, "questions go anywhere"
    for row, scored in zip(windows.tolist(), asked, strict=True):
        needles, questions = ([at for at, byte in enumerate(row) if byte == mark] for mark in MARKS)
        said = [[row[at + 1 : at + WIDTH] for at in places] for places in (needles, questions)]
        assert said[0] == said[1] and len(said[0]) == 2
        assert all(one < other for one, other in zip(needles, questions, strict=True))
        assert scored.nonzero()[0].tolist() == [
            at + WIDTH - VALUE + place for at in questions for place in range(VALUE)
        ]


def test_only_asked_values_are_scored_apart() -> None:
    every, alone, plain = NeedleText(SETTINGS), NeedleText(SETTINGS, values_alone=True), TextTask(SETTINGS)
    (whole,), (values,), (text,) = (list(task.validation_batches(8)) for task in (every, alone, plain))
    assert np.array_equal(whole.tokens, values.tokens), "the same needles"
    scored = values.targets != IGNORED_TARGET
    assert (scored.sum(axis=1) == 2 * VALUE).all()
    assert np.array_equal(values.targets[scored], whole.targets[scored])
    assert 0 < (whole.tokens != text.tokens).mean() < 0.5
    assert every.metric.unit == "bits per byte" and every.quality(1.0, 0.0) == pytest.approx(1.4427, abs=1e-4)
    assert alone.metric.unit == "nats per byte of a value" and alone.quality(1.0, 0.0) == 1.0


@pytest.mark.slow
def test_averages_end_near_the_branches_of_the_same_trunk() -> None:
    short = {name: replace(regime, rungs=(240,)) for name, regime in REGIMES.items()}
    table = read_table(LIKE)
    patterns = [entry.pattern for entry in table.plan.entries[:2]]
    rows = train(short["averages"], patterns, seed=0)
    branches = {row.pattern_id: row.quality for row in table.rows if row.step == 240 and row.seed == 0}
    for row in rows:
        assert row.text == pytest.approx(branches[row.pattern_id], abs=0.05)
    needle, _ = train(short["needles"], patterns, seed=0)
    assert 2.5 < needle.text < 4 and needle.values is not None and 2.5 < needle.values < 4


def test_rows_are_read_as_a_table_is(tmp_path: Path) -> None:
    table, regime, path = read_table(LIKE), REGIMES["needles"], tmp_path / "needles.jsonl"
    rows = [
        Row(row.pattern_id, row.seed, row.step, row.quality, 2 * row.quality)
        for row in table.rows
        if row.step in regime.rungs and row.quality is not None
    ]
    path.write_bytes(msgspec.json.Encoder().encode_lines(rows))
    assert known_rows(path) == rows and not known_rows(tmp_path / "none")
    text, asked = (as_table(regime, rows, name) for name in ("text", "values"))
    for rung in regime.rungs:
        assert values_at(text, rung) == values_at(table, rung)
        assert projections_at(text, rung) == projections_at(table, rung)
    found = lines("needles", text, regime.rungs, asked)
    by_text = [line for line in found if "| text |" in line]
    assert len(by_text) == 5 and len(found) == 15, "three readings; the first rung has none below it"
    assert all("| +0.00 (+0.00 to +0.00) |" in line for line in by_text), "a table agrees with itself"


def test_what_is_known_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(candidate_regimes, "FOLDER", tmp_path)
    assert main([]) == 0
    assert capsys.readouterr().out.count("\n") == 2 + 5 + 5 + 7, (
        "the head, and two tables of the ladder, one of them twice"
    )
