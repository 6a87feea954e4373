"""front.json: what is on it, in which order, and how sure it is."""

import csv
import random
from pathlib import Path

import pytest
from msgspec import structs

from nas.patterns.file import load_pattern
from nas.proxy.member import Member
from nas.results.codec import to_document
from nas.results.front import CONTENDING, Front
from nas.results.measurement import Measurement
from nas.results.objective import Objective
from nas.search.estimates import estimates
from nas.search.problem.problem import Problem
from nas.search.storage.study_folder import StudyFolder
from nas.statistics.pareto import dominates
from nas.tasks.synthetic.recall import RecallSettings
from tests.toy_study import FakeExecutor, StartStudy, pretended

NAMES = ["quality", "flops", "kv_cache_bytes"]


@pytest.fixture(scope="module")
def folder(start: StartStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("front") / "toy"
    start(path, FakeExecutor(), num_trials=20, confirm_seeds=1)
    return path


@pytest.fixture(scope="module")
def front(folder: Path) -> Front:
    return StudyFolder(folder).front()


def test_no_trial_beats_a_point_and_every_other_is_beaten(front: Front, folder: Path, problem: Problem) -> None:
    trials = StudyFolder(folder).trials()
    known = estimates(trials, problem)
    found = {
        trial.number: (known[trial.number]["quality"].mean, *(trial.values[name] for name in NAMES[1:]))
        for trial in trials
        if trial.state == "finished"
    }
    points = {point.trial: found[point.trial] for point in front.points}
    assert {point.trial: point.worth("quality") for point in front.points} == {
        number: values[0] for number, values in points.items()
    }
    for trial in trials:
        if trial.number not in found:
            continue
        values = found[trial.number]
        beaten = any(dominates(point, values) for point in points.values())
        assert beaten == (trial.number not in points)


def test_how_far_training_had_come_is_said_of_text_alone(
    front: Front, start: StartStudy, problem: Problem, tmp_path: Path
) -> None:
    """400 steps of 16 sequences of 64 tokens; a proxy of two layers of 64 features, and a vocabulary of 16."""
    matrices = 2 * (4 * 64 * 64 + 2 * 64 * 256) + 2 * 16 * 64
    assert front.provenance.tokens_per_parameter == pytest.approx(400 * 16 * 64 / matrices, rel=0.03)
    recall = start(tmp_path / "recall", FakeExecutor(), num_trials=1, task=RecallSettings())
    assert recall.provenance.tokens_per_parameter is None


def test_points_are_sorted_different_and_loadable(front: Front) -> None:
    qualities = [point.worth("quality") for point in front.points]
    assert qualities == sorted(qualities)
    ids = [point.pattern_id for point in front.points]
    assert len(set(ids)) == len(ids)
    for entry in front.points + front.baselines:
        assert load_pattern(to_document(entry)["pattern"]).id == entry.pattern.id == entry.pattern_id


def test_every_baseline_stands_there_marked(front: Front) -> None:
    on_front = {point.trial for point in front.points}
    assert [entry.baseline for entry in front.baselines] == [
        "full",
        "longformer",
        "sparse_transformer_strided",
        "sparse_transformer_fixed",
        "bigbird",
        "local_global",
    ]
    for entry in front.baselines:
        assert entry.on_front == (entry.trial in on_front)
    full = front.baselines[0]
    assert set(full.ratio_to_full.values()) == {1.0}


def test_the_hypervolume_never_shrinks(front: Front) -> None:
    volumes = [volume for _, volume in front.hypervolume_by_trial]
    assert [number for number, _ in front.hypervolume_by_trial] == list(range(26))
    assert volumes == sorted(volumes) and volumes[-1] == 1.0 > volumes[0]


def by_luck(member: Member, task: str, rung: int) -> Measurement:
    """Most patterns are dominated, some by no more than noise."""
    own, noise = random.Random(member.pattern.id), random.Random(f"{member.pattern.id} {member.seed}")
    return structs.replace(pretended(member, task, rung), quality=own.random() + noise.gauss(0, 0.1))


def test_points_and_contenders_have_their_probabilities(start: StartStudy, tmp_path: Path) -> None:
    front = start(tmp_path / "toy", FakeExecutor(measure=by_luck), num_trials=20, confirm_seeds=1)
    assert all(0 < point.front_probability <= 1 for point in front.points)
    contending = {one.trial: one.front_probability for one in front.contenders}
    assert contending and min(contending.values()) >= CONTENDING
    assert list(contending.values()) == sorted(contending.values(), reverse=True)
    assert not contending.keys() & {point.trial for point in front.points}
    beaten = [one for one in front.other_baselines if one.front_probability < CONTENDING]
    assert beaten and not contending.keys() & {one.trial for one in beaten}


def test_the_table_holds_the_points(front: Front, folder: Path) -> None:
    rows = list(csv.DictReader((folder / "front.csv").read_text().splitlines()))
    assert [int(row["trial"]) for row in rows] == [point.trial for point in front.points]
    assert [float(row["quality"]) for row in rows] == [point.values["quality"] for point in front.points]
    known = [point.estimates["quality"] for point in front.points]
    assert [float(row["quality_estimate"]) for row in rows] == [estimate.mean for estimate in known]
    deviations = [float(row["quality_estimate_deviation"]) for row in rows]
    assert deviations == [estimate.standard_deviation for estimate in known] and all(deviations)


def test_neither_time_nor_place_is_in_it(folder: Path) -> None:
    text = (folder / "front.json").read_text()
    assert str(folder.parent) not in text and "seconds" not in text


def test_what_it_was_made_with_is_in_it(front: Front) -> None:
    assert front.schema == "nas.front/1" and front.study == "toy"
    assert front.corpus_hash == "11"
    assert {"python", "nas", "torch", "optuna", "lightning"} <= front.versions.keys()
    assert front.objectives[0] == Objective(name="quality", unit="bits per byte", direction="minimize")
