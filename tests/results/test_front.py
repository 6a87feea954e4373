"""front.json survives a round trip, and an edited one is refused with its place."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from nas.errors import StudyError
from nas.results.codec import from_document, from_json, to_document
from nas.results.front import Front, FrontPoint
from nas.results.study import StudyReader, read_front
from tests.result_strategies import fronts
from tests.strategies import quick

Document = dict[str, Any]
Edit = Callable[[Document], object]


@quick
@given(fronts())
def test_a_front_survives_json(front: Front) -> None:
    text = json.dumps(to_document(front), sort_keys=True, allow_nan=False)
    again = from_json(text, Front)
    assert again == front
    assert json.dumps(to_document(again), sort_keys=True) == text


def test_the_front_of_a_study_is_read_back_as_it_stands(ended: Path, front_document: Document) -> None:
    front = StudyReader(ended).front()
    assert json.loads(json.dumps(to_document(front))) == front_document
    assert read_front(ended) == read_front(ended / "front.json") == read_front(str(ended)) == front


def error_of(folder: Path, content: bytes) -> str:
    """The error that the content of a front.json gives, the same to both readers."""
    (folder / "front.json").write_bytes(content)
    texts = []
    for read in (StudyReader(folder).front, lambda: read_front(folder / "front.json")):
        with pytest.raises(StudyError) as caught:
            read()
        texts.append(str(caught.value))
    assert texts[0] == texts[1] and "\n" not in texts[0]
    return texts[0]


def damage(folder: Path, content: bytes) -> str:
    """The same without the file's name and the remedy."""
    text = error_of(folder, content)
    before = f"{folder / 'front.json'}: must hold what nas search wrote there, but is damaged ("
    after = "). Restore it, or delete it and run the same nas search again, which makes it anew."
    assert text.startswith(before) and text.endswith(after)
    return text.removeprefix(before).removesuffix(after)


def first(front: Document) -> Document:
    """The first point of the front."""
    point: Document = front["points"][0]
    return point


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda front: front.update(surprise=1), "Object contains unknown field `surprise`"),
        (lambda front: first(front).update(rank=1), "points[0]: Object contains unknown field `rank`"),
        (lambda front: front["baselines"][1].update(rank=1), "baselines[1]: Object contains unknown field `rank`"),
        (
            lambda front: front["objectives"][0].update(weight=1.0),
            "objectives[0]: Object contains unknown field `weight`",
        ),
        (lambda front: front["provenance"].update(host="x"), "provenance: Object contains unknown field `host`"),
        (
            lambda front: front["provenance"]["evaluation"].update(weights="frozen"),
            "provenance.evaluation: Object contains unknown field `weights`",
        ),
        (lambda front: front.pop("noise"), "Object missing required field `noise`"),
        (lambda front: first(front).pop("seeds"), "points[0]: Object missing required field `seeds`"),
        (lambda front: first(front)["cost"].pop("pairs"), "points[0].cost: Object missing required field `pairs`"),
        (lambda front: front.pop("schema"), "Object missing required field `schema`"),
        (lambda front: front.update(schema=1), "schema: Expected `str`, got `int`"),
        (lambda front: front.update(points={}), "points: Expected `array`, got `object`"),
        (lambda front: first(front).update(trial=True), "points[0].trial: Expected `int`, got `bool`"),
        (lambda front: first(front).update(trial=1.0), "points[0].trial: Expected `int`, got `float`"),
        (lambda front: first(front).update(trial="1"), "points[0].trial: Expected `int`, got `str`"),
        (
            lambda front: first(front).update(front_probability="1"),
            "points[0].front_probability: Expected `float | null`, got `str`",
        ),
        (
            lambda front: first(front)["scores"].update(quality="1"),
            "points[0].scores[...]: Expected `float`, got `str`",
        ),
        (lambda front: front["trials"].update(asleep=1), "trials: Invalid enum value 'asleep'"),
        (lambda front: front["trials"].update(finished=True), "trials[...]: Expected `int`, got `bool`"),
        (
            lambda front: front["objectives"][0].update(direction="up"),
            "objectives[0].direction: Invalid enum value 'up'",
        ),
        (
            lambda front: front["provenance"].update(evaluation={"name": "guess"}),
            "provenance.evaluation.name: Invalid value 'guess'",
        ),
        (
            lambda front: front["fidelity"]["objectives"]["quality"]["agreement"].update(tau="high"),
            "fidelity.objectives[...].agreement.tau: Expected `float | null`, got `str`",
        ),
        (
            lambda front: front["fidelity"]["objectives"]["quality"]["patterns"][0].update(forecast=0),
            "fidelity.objectives[...].patterns[0].forecast: Expected `bool`, got `int`",
        ),
        (
            lambda front: front.update(hypervolume_by_trial=[[0, 1.0, 2.0]]),
            "hypervolume_by_trial[0]: Expected `array` of length 2",
        ),
    ],
)  # fmt: skip
def test_a_hand_edited_front_is_refused(tmp_path: Path, front_document: Document, edit: Edit, said: str) -> None:
    edit(front_document)
    assert damage(tmp_path, json.dumps(front_document).encode()) == said


@pytest.mark.parametrize("part", ["points", "baselines"])
def test_the_id_must_be_that_of_the_pattern(tmp_path: Path, front_document: Document, part: str) -> None:
    entry = front_document[part][0]
    own, entry["pattern_id"] = entry["pattern_id"], "0123456789abcdef"
    assert damage(tmp_path, json.dumps(front_document).encode()) == (
        f"{part}[0]: pattern_id is 0123456789abcdef, but the pattern has the id {own}"
    )


def test_a_pattern_that_was_edited_alone_is_refused(tmp_path: Path, front_document: Document) -> None:
    (layer, *_), narrow = first(front_document)["pattern"]["layers"], [{"kind": "window", "before": 60}]
    layer["heads"] = [{"count": 4, "attend": narrow}]
    said = damage(tmp_path, json.dumps(front_document).encode())
    assert said.startswith(
        f"points[0]: pattern_id is {first(front_document)['pattern_id']}, but the pattern has the id "
    )


def test_a_point_must_have_a_value_for_every_objective(tmp_path: Path, front_document: Document) -> None:
    point = first(front_document)
    del point["values"]["flops"]
    assert damage(tmp_path, json.dumps(front_document).encode()) == (
        f"trial {point['trial']} has values of ['kv_cache_bytes', 'quality'], "
        "not of ['flops', 'kv_cache_bytes', 'quality']"
    )


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            lambda front: first(front)["ratio_to_full"].pop("pairs"),
            "points[0]: ratio_to_full has ['activation_bytes', 'attention_flops', 'decode_pairs', 'forward_flops', "
            "'kv_cache_bytes', 'num_parameters', 'num_tokens', 'tile_flops', 'tiles', 'train_flops'], not "
            "['activation_bytes', 'attention_flops', 'decode_pairs', 'forward_flops', 'kv_cache_bytes', "
            "'num_parameters', 'num_tokens', 'pairs', 'tile_flops', 'tiles', 'train_flops']",
        ),
        (
            lambda front: front["provenance"].update(rungs=[]),
            "provenance: rungs must not be empty",
        ),
        (lambda front: front.update(objectives=[]), "objectives must not be empty"),
        (
            lambda front: front["fidelity"]["objectives"].update(speed=front["fidelity"]["objectives"]["quality"]),
            "fidelity has ['quality', 'speed'], but the objectives are ['flops', 'kv_cache_bytes', 'quality']",
        ),
        (
            lambda front: front["reordering"][0].update(objective="speed"),
            "reordering has ['speed'], but the objectives are ['flops', 'kv_cache_bytes', 'quality']",
        ),
        (
            lambda front: front["fidelity"]["objectives"]["quality"].update(regret_of_best=None),
            "fidelity.objectives[...]: there is an agreement, but regret_of_best is null",
        ),
    ],
)
def test_what_a_report_needs_must_be_there(tmp_path: Path, front_document: Document, edit: Edit, said: str) -> None:
    edit(front_document)
    assert damage(tmp_path, json.dumps(front_document).encode()) == said


def test_a_point_has_values(tmp_path: Path, front_document: Document) -> None:
    first(front_document)["values"] = {}
    assert damage(tmp_path, json.dumps(front_document).encode()) == (
        f"trial {first(front_document)['trial']} has values of [], not of ['flops', 'kv_cache_bytes', 'quality']"
    )


def test_a_baseline_that_did_not_finish_has_no_values(front_document: Document) -> None:
    front_document["baselines"][0]["values"] = {}
    assert from_document(front_document, Front).baselines[0].values == {}


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("1e999", "points[0].values[...]: Number out of range"),
        ("-1e999", "points[0].values[...]: Number out of range"),
        ("NaN", "JSON is malformed: invalid character (byte "),
        ("Infinity", "JSON is malformed: invalid character (byte "),
        ("-Infinity", "JSON is malformed: invalid character (byte "),
    ],
)
def test_numbers_that_are_not_finite_are_refused(
    tmp_path: Path, front_document: Document, number: str, said: str
) -> None:
    first(front_document)["values"]["quality"] = "HERE"
    text = json.dumps(front_document).replace('"HERE"', number)
    assert damage(tmp_path, text.encode()).startswith(said)


@pytest.mark.parametrize(
    ("schema", "remedy"),
    [
        ("nas.front/2", "A newer nas wrote it: upgrade nas."),
        ("nas.front/0", "Restore it, or make it again with this nas."),
        ("nas.table/1", "Restore it, or make it again with this nas."),
    ],
)
def test_another_version_says_what_to_do(tmp_path: Path, front_document: Document, schema: str, remedy: str) -> None:
    """Whatever else a file of that version contains."""
    content = json.dumps(front_document | {"schema": schema, "another": 1}).encode()
    assert error_of(tmp_path, content) == (
        f"{tmp_path / 'front.json'}: schema: must be 'nas.front/1', got {schema!r}. {remedy}"
    )


def test_a_deeply_nested_pattern_is_refused(tmp_path: Path, front_document: Document) -> None:
    first(front_document)["pattern"] = "HERE"
    text = json.dumps(front_document).replace('"HERE"', "[" * 100_000)
    assert damage(tmp_path, text.encode()) == "it is nested too deeply"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path, front_document: Document) -> None:
    front_document["study"] = "HERE"
    content = json.dumps(front_document).encode().replace(b"HERE", b"\xff")
    said = "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    assert damage(tmp_path, content) == said


def test_baselines_and_further_scores_are_told_from_points_and_objectives(ended: Path) -> None:
    front = StudyReader(ended).front()
    assert front.leading.name == "quality" and front.objective("flops").unit == "FLOP"
    assert front.further_scores == ()
    on_front = {point.trial for point in front.points}
    assert {baseline.trial for baseline in front.other_baselines}.isdisjoint(on_front)
    assert len(front.other_baselines) + sum(baseline.on_front for baseline in front.baselines) == len(front.baselines)
    costs_first = replace(front, objectives=front.objectives[::-1])
    assert costs_first.leading.name == "quality"
    unweighed = replace(front, objectives=front.objectives[1:], points=(), baselines=(), fidelity=None, reordering=())
    assert unweighed.leading.name == "flops"
    assert [score.name for score in unweighed.further_scores] == ["quality"]


def test_a_cost_is_a_share_of_full_attention_and_a_quality_is_not(ended: Path) -> None:
    point: FrontPoint = StudyReader(ended).front().points[0]
    assert point.ratio("flops") == point.ratio_to_full["attention_flops"]
    assert point.ratio("kv_cache_bytes") == point.ratio_to_full["kv_cache_bytes"]
    assert point.ratio("quality") is None
