"""trial.json survives a round trip, and an edited one is refused with its place."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from nas.errors import StudyError
from nas.results.codec import from_json, to_document
from nas.results.measurement import Measurement, Outcome
from nas.results.study import StudyReader
from nas.results.trial import Trial, TrialState
from tests.fronts import make_trial
from tests.result_strategies import TRIALS
from tests.strategies import quick

Document = dict[str, Any]


@quick
@given(TRIALS)
def test_a_trial_survives_json(trial: Trial) -> None:
    text = json.dumps(to_document(trial), sort_keys=True, allow_nan=False)
    again = from_json(text, Trial)
    assert again == trial
    assert json.dumps(to_document(again), sort_keys=True) == text
    assert [type(again.params[name]) for name in trial.params] == [type(value) for value in trial.params.values()]


def refusal(folder: Path, content: bytes) -> str:
    """The error that the content of a trial.json gives, without the file's name and the remedy."""
    path = folder / "trials" / "00003" / "trial.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    texts = []
    for read in (StudyReader(folder).trials, lambda: StudyReader(folder).trial(3)):
        with pytest.raises(StudyError) as caught:
            read()
        texts.append(str(caught.value))
    before = f"{path}: must hold what nas search wrote there, but is damaged ("
    after = "). Restore it, or delete it and run the same nas search again, which makes it anew."
    assert texts[0] == texts[1] and "\n" not in texts[0]
    assert texts[0].startswith(before) and texts[0].endswith(after)
    return texts[0].removeprefix(before).removesuffix(after)


def test_a_trial_of_a_study_is_read_back_as_it_stands(ended: Path, trial_document: Document) -> None:
    assert json.loads(json.dumps(to_document(StudyReader(ended).trial(8)))) == trial_document


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda trial: trial.update(surprise=1), "Object contains unknown field `surprise`"),
        (lambda trial: trial["cost"].update(joules=1), "cost: Object contains unknown field `joules`"),
        (lambda trial: trial.pop("number"), "Object missing required field `number`"),
        (lambda trial: trial.pop("state"), "Object missing required field `state`"),
        (lambda trial: trial.pop("pattern"), "Object missing required field `pattern`"),
        (lambda trial: trial.pop("cost"), "Object missing required field `cost`"),
        (lambda trial: trial.pop("measurements"), "Object missing required field `measurements`"),
        (
            lambda trial: trial["measurements"][0].pop("longer"),
            "measurements[0]: Object missing required field `longer`",
        ),
        (lambda trial: trial["cost"].pop("pairs"), "cost: Object missing required field `pairs`"),
        (lambda trial: trial.update(number=True), "number: Expected `int`, got `bool`"),
        (lambda trial: trial.update(step="400"), "step: Expected `int`, got `str`"),
        (lambda trial: trial.update(state="asleep"), "state: Invalid enum value 'asleep'"),
        (lambda trial: trial.update(params=[]), "params: Expected `object`, got `array`"),
        (
            lambda trial: trial.update(params={"width": [3]}),
            "params[...]: Expected `bool | int | float | str`, got `array`",
        ),
        (lambda trial: trial.update(scores={"quality": "2"}), "scores[...]: Expected `float`, got `str`"),
        (lambda trial: trial.update(values={"quality": True}), "values[...]: Expected `float`, got `bool`"),
        (lambda trial: trial["measurements"][0].update(seed=0.5), "measurements[0].seed: Expected `int`, got `float`"),
        (
            lambda trial: trial["measurements"][0].update(quality=None),
            "measurements[0]: quality None does not go with the outcome finished",
        ),
        (lambda trial: trial.update(pattern={}), "pattern: pattern: must have the key 'schema', got []."),
        (
            lambda trial: trial["pattern"].update(schema="nas.pattern/2"),
            "pattern: schema: must be 'nas.pattern/1', got 'nas.pattern/2'.",
        ),
    ],
)
def test_a_hand_edited_trial_is_refused(tmp_path: Path, trial_document: Document, edit: Any, said: str) -> None:
    edit(trial_document)
    assert refusal(tmp_path, json.dumps(trial_document).encode()) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("1e999", "scores[...]: Number out of range"),
        ("NaN", "JSON is malformed: invalid character (byte "),
        ("Infinity", "JSON is malformed: invalid character (byte "),
        ("-Infinity", "JSON is malformed: invalid character (byte "),
    ],
)
def test_numbers_that_are_not_finite_are_refused(
    tmp_path: Path, trial_document: Document, number: str, said: str
) -> None:
    trial_document["scores"]["quality"] = "HERE"
    assert refusal(tmp_path, json.dumps(trial_document).replace('"HERE"', number).encode()).startswith(said)


def test_a_deeply_nested_pattern_is_refused(tmp_path: Path, trial_document: Document) -> None:
    trial_document["pattern"] = "HERE"
    text = json.dumps(trial_document).replace('"HERE"', "[" * 100_000)
    assert refusal(tmp_path, text.encode()) == "it is nested too deeply"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path, trial_document: Document) -> None:
    trial_document["reason"] = "HERE"
    content = json.dumps(trial_document).encode().replace(b"HERE", b"\xff")
    said = "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    assert refusal(tmp_path, content) == said


def test_the_seeds_are_those_that_gave_a_quality_at_its_rung() -> None:
    at_400 = Measurement(
        seed=5,
        learning_rate=0.1,
        step=400,
        outcome=Outcome.FINISHED,
        quality=1.0,
        train_loss=1.0,
        wall_seconds=1.0,
        longer=(),
    )
    trial = make_trial(
        0,
        TrialState.FINISHED,
        step=400,
        measurements=(
            replace(at_400, seed=9, step=100),
            at_400,
            replace(at_400, task="other"),
            replace(at_400, seed=2),
            Measurement.unfinished(4, 0.1, 400, Outcome.DIVERGED),
            replace(at_400, seed=7, step=1600),
        ),
    )
    assert trial.seeds == (5, 2)
    assert replace(trial, step=100).seeds == (9,)
