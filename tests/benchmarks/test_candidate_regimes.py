"""The benchmark of regimes that `nas` does not have, on the patterns that a larger model was trained on."""

from dataclasses import replace
from pathlib import Path

import candidate_regimes
import numpy as np
import pytest
from candidate_regimes import (
    LIKE,
    MARKS,
    REGIMES,
    VALUE,
    WIDTH,
    NeedleText,
    horizon,
    lines,
    main,
    put_needles,
    read_as,
    rows_of,
    train,
)
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
        assert row["text"] == pytest.approx(branches[str(row["pattern_id"])], abs=0.05)
    (needle, _) = train(short["needles"], patterns, seed=0)
    assert 2.5 < float(str(needle["text"])) < 4 and 2.5 < float(str(needle["values"])) < 4


def test_rows_are_read_as_a_table_is() -> None:
    table = read_table(LIKE)
    rows = [row | {"values": 2 * float(str(row["text"]))} for row in rows_of(table)]
    for rung, below in ((480, 240), (960, 480)):
        assert read_as(rows, "text", rung) == pytest.approx(values_at(table, rung))
        assert read_as(rows, "text", rung, below, steps=horizon(table)) == pytest.approx(projections_at(table, rung))
    found = lines("averages", rows, (240, 480, 960), (240, 480, 960), horizon(table))
    text = [line for line in found if "| text |" in line]
    assert len(text) == 5 and len(found) == 15, "three readings; the first rung has none below it"
    assert all("| +0.00 (+0.00 to +0.00) |" in line for line in text), "a table agrees with itself"


def test_what_is_known_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(candidate_regimes, "FOLDER", tmp_path)
    assert main([]) == 0
    assert capsys.readouterr().out.count("\n") == 2 + 5, "the head, and the table of word pieces"
