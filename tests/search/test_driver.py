"""What a study promises: nothing lost, nothing trained twice, the same front however it was run."""

import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import optuna
import pytest
import torch
from msgspec import structs

from nas.errors import StudyError
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.report.progress.progress_file import ProgressFile
from nas.report.studies.overview import study_overview
from nas.results.front import Front
from nas.results.measurement import Measurement, Outcome
from nas.results.observer import Observer
from nas.results.trial import TrialState
from nas.search.concurrency import Concurrency
from nas.search.executors.jobs import Job, ProfileJob
from nas.search.problem.problem import Problem
from nas.search.samplers.catalog import SAMPLERS
from nas.search.scheduler.forecast import Forecast
from nas.search.settings import FidelitySettings
from nas.search.storage.study_folder import StudyFolder
from nas.search_spaces.hybrid import Hybrid
from nas.space.space import Shape, Suggester
from tests.toy_study import FakeExecutor, StartStudy, Stop, pretended

CONCURRENT = [
    Concurrency(num_workers=3, cohort_size=1),
    Concurrency(num_workers=2, cohort_size=4),
    Concurrency(num_workers=1, cohort_size=8),
]


def front_bytes(folder: Path) -> bytes:
    return (folder / "front.json").read_bytes()


def in_database(folder: Path) -> list[optuna.trial.FrozenTrial]:
    return optuna.load_study(study_name=None, storage=f"sqlite:///{folder}/study.db").trials


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_a_study_stopped_anywhere_comes_out_the_same(start: StartStudy, tmp_path: Path, sampler: str) -> None:
    whole = FakeExecutor()
    start(tmp_path / "whole", whole, sampler=sampler)
    for stop_after in range(0, len(whole.trained), 7):
        folder = tmp_path / f"stopped-{stop_after}"
        before, after = FakeExecutor(stop_after=stop_after), FakeExecutor(random.Random(1))
        with pytest.raises(Stop):
            start(folder, before, sampler=sampler)
        start(folder, after, sampler=sampler)
        assert front_bytes(folder) == front_bytes(tmp_path / "whole")
        assert Counter(before.trained + after.trained) == Counter(whole.trained)


@pytest.mark.parametrize("concurrency", [Concurrency(num_workers=1, cohort_size=1), *CONCURRENT])
def test_a_long_study_that_reads_its_trials_seldom_comes_out_the_same_when_stopped(
    start: StartStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, concurrency: Concurrency
) -> None:
    """With a limit of 8, every 8th of 40 trials is read, and the last ones when there is nothing else to do."""
    for module in ("nas.search.trial_store", "nas.search.samplers.history"):
        monkeypatch.setattr(f"{module}.EXACT", 8)
    whole = FakeExecutor()
    forecasts: list[Forecast] = []

    def made(*known: Any) -> Forecast:
        forecasts.append(Forecast(*known))
        return forecasts[-1]

    monkeypatch.setattr("nas.search.scheduler.forecast.Forecast", made)
    training = TrainingSettings(num_steps=400, num_rungs=3)
    options: dict[str, Any] = {"num_trials": 40, "training": training, "concurrency": concurrency}
    front = start(tmp_path / "whole", whole, **options)
    assert 8 < len(forecasts) < len(whole.trained) / 2
    assert len({trial for trial, _ in whole.trained}) == 46, "every trial is trained once at least"
    assert min(front.trials[state] for state in (TrialState.FINISHED, TrialState.STOPPED)) > 0
    for stop_after in (15, len(whole.trained) - 9):  # before the last launch, which may be of eight
        folder = tmp_path / f"stopped-{stop_after}"
        with pytest.raises(Stop):
            start(folder, FakeExecutor(stop_after=stop_after), **options)
        start(folder, FakeExecutor(random.Random(1)), **options)
        assert front_bytes(folder) == front_bytes(tmp_path / "whole")


def test_the_database_of_a_study_that_was_stopped_has_every_trial_once(start: StartStudy, tmp_path: Path) -> None:
    unconfirmed = {"confirm_seeds": 0, "with_database": True}
    for stop_after in (3, 12):
        folder = tmp_path / f"stopped-{stop_after}"
        with pytest.raises(Stop):
            start(folder, FakeExecutor(stop_after=stop_after), **unconfirmed)
        front = start(folder, FakeExecutor(), **unconfirmed)
        told = [(trial.number, trial.values) for trial in in_database(folder)]
        names = [objective.name for objective in front.objectives]
        assert told == [(trial.number, [trial.values[n] for n in names]) for trial in StudyFolder(folder).trials()]


@pytest.mark.parametrize(
    "sampler", [pytest.param(name, marks=pytest.mark.slow if name == "gp" else ()) for name in sorted(SAMPLERS)]
)
def test_every_sampler_drives_a_study_past_its_random_start(start: StartStudy, tmp_path: Path, sampler: str) -> None:
    front = start(tmp_path / "study", FakeExecutor(), sampler=sampler, num_trials=17 if "nsga" in sampler else 12)
    assert front.points and front.provenance.sampler == sampler


def test_the_driver_leaves_the_cores_to_its_workers(start: StartStudy, tmp_path: Path) -> None:
    seen: set[int] = set()

    class Watching(FakeExecutor):
        def submit(self, job: Job | ProfileJob) -> None:
            seen.add(torch.get_num_threads())
            super().submit(job)

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        for num_workers, threads in ((2, 1), (1, 3)):
            seen.clear()
            start(
                tmp_path / str(num_workers),
                Watching(),
                concurrency=Concurrency(num_workers=num_workers, cohort_size=1),
            )
            assert seen == {threads}
            assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_a_finished_study_trains_nothing_more(start: StartStudy, tmp_path: Path) -> None:
    start(tmp_path / "study", FakeExecutor())
    again = FakeExecutor()
    before = front_bytes(tmp_path / "study")
    start(tmp_path / "study", again)
    assert again.trained == []
    assert front_bytes(tmp_path / "study") == before


def test_a_longer_study_goes_on_where_the_shorter_one_ended(start: StartStudy, tmp_path: Path) -> None:
    start(tmp_path / "long", FakeExecutor(), num_trials=12)
    start(tmp_path / "grown", FakeExecutor(), num_trials=7)
    start(tmp_path / "grown", FakeExecutor(), num_trials=12)
    long, grown = (StudyFolder(tmp_path / name).trials() for name in ("long", "grown"))
    assert [trial.pattern for trial in grown] == [trial.pattern for trial in long]


@pytest.mark.parametrize("concurrency", CONCURRENT, ids=str)
def test_the_order_in_which_workers_end_changes_nothing(
    start: StartStudy, tmp_path: Path, concurrency: Concurrency
) -> None:
    for seed in range(3):
        start(tmp_path / str(seed), FakeExecutor(random.Random(seed)), concurrency=concurrency)
    assert front_bytes(tmp_path / "0") == front_bytes(tmp_path / "1") == front_bytes(tmp_path / "2")


def test_a_cohort_cut_short_is_trained_again_as_it_was(start: StartStudy, tmp_path: Path) -> None:
    """A member's result must not depend on which of its cohort had been written before a crash."""
    concurrency = Concurrency(num_workers=1, cohort_size=4)
    start(tmp_path / "whole", FakeExecutor(), concurrency=concurrency)
    start(tmp_path / "cut", FakeExecutor(), concurrency=concurrency)
    lost = tmp_path / "cut" / "trials" / "00007" / "seed-0-silent-0000400.json"
    lost.unlink()
    again = FakeExecutor()
    start(tmp_path / "cut", again, concurrency=concurrency)
    assert lost.is_file()
    assert (7, 0) in again.trained and len(again.trained) > 1
    assert front_bytes(tmp_path / "cut") == front_bytes(tmp_path / "whole")


class OneOfTwo:
    """A space so small that patterns come again."""

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        from nas.patterns.layer import HeadGroup
        from nas.patterns.primitives import Stride, Window

        window = suggest.choice("window", [3, 5])
        assert isinstance(window, int)
        return ModelPattern.of([(HeadGroup(shape.num_heads, (Window(window), Stride(9))),)] * shape.num_layers)


def test_a_duplicate_takes_the_known_result(start: StartStudy, problem: Problem, tmp_path: Path) -> None:
    executor = FakeExecutor()
    start(tmp_path / "study", executor, with_problem=replace(problem, space=OneOfTwo()), confirm_seeds=0)
    trials = StudyFolder(tmp_path / "study").trials()
    sampled = [trial for trial in trials if trial.baseline is None]
    assert len(sampled) == 12
    trained = [trial for trial in sampled if trial.state is TrialState.FINISHED]
    assert len(trained) == 2
    for trial in sampled:
        if trial.state is TrialState.DUPLICATE:
            assert trial.duplicate_of is not None
            assert trial.values == trials[trial.duplicate_of].values != {}
    assert Counter(executor.trained).most_common(1)[0][1] == 1
    assert len(executor.trained) == len(problem.baselines) + 2


def test_over_budget_is_told_at_once_and_never_on_the_front(start: StartStudy, tmp_path: Path) -> None:
    executor = FakeExecutor()
    front = start(tmp_path / "study", executor, sampler="random", constraints={"flops_ratio": 0.5}, num_trials=20)
    trials = StudyFolder(tmp_path / "study").trials()
    over = {trial.number for trial in trials if trial.state is TrialState.OVER_BUDGET and trial.baseline is None}
    assert over and not over & {number for number, _ in executor.trained}
    assert all("constraints.flops_ratio allows 0.5" in trials[number].reason for number in over)
    assert front.points and all(point.ratio_to_full["attention_flops"] <= 0.5 for point in front.points)
    full = next(entry for entry in front.baselines if entry.baseline == "full")
    assert full.values and not full.on_front


def failing(outcome: Outcome) -> Any:
    def measure(member: Member, task: str, rung: int) -> Measurement:
        good = pretended(member, task, rung)
        if int(member.pattern.id, 16) % 3:
            return good
        return structs.replace(good, outcome=outcome, quality=None, train_loss=None, longer=())

    return measure


@pytest.mark.parametrize("outcome", [Outcome.DIVERGED, Outcome.OUT_OF_MEMORY])
def test_a_failed_training_fails_its_trial_alone(start: StartStudy, tmp_path: Path, outcome: Outcome) -> None:
    front = start(tmp_path / "study", FakeExecutor(measure=failing(outcome)), with_database=True)
    trials = StudyFolder(tmp_path / "study").trials()
    failed = [trial for trial in trials if trial.state.value == outcome.value]
    assert failed and all(trial.values == {} and trial.reason for trial in failed)
    assert front.points
    assert not {trial.number for trial in failed} & {point.trial for point in front.points}
    told = in_database(tmp_path / "study")
    assert len(told) == len(trials)
    for trial in failed:
        assert told[trial.number].state is optuna.trial.TrialState.FAIL
        assert told[trial.number].constraints["trained"] > 0


def test_what_ran_out_of_memory_is_tried_again_by_the_next_run(start: StartStudy, tmp_path: Path) -> None:
    start(tmp_path / "roomy", FakeExecutor())
    tight = {"num_trials": 3, "with_database": True}
    start(tmp_path / "tight", FakeExecutor(measure=failing(Outcome.OUT_OF_MEMORY)), **tight)
    failed = [trial.number for trial in StudyFolder(tmp_path / "tight").trials() if not trial.values]
    assert failed
    again = FakeExecutor()
    start(tmp_path / "tight", again, **tight)
    assert {(number, 0) for number in failed} <= set(again.trained)
    trials = StudyFolder(tmp_path / "tight").trials()
    assert all(trial.state is TrialState.FINISHED for trial in trials)
    told = in_database(tmp_path / "tight")
    assert [trial.constraints["trained"] for trial in told] == [0.0] * len(trials)
    known = {trial.pattern: trial.values for trial in StudyFolder(tmp_path / "roomy").trials()}
    for number in failed:
        if trials[number].baseline:
            assert trials[number].values == known[trials[number].pattern]


def breaking(member: Member, task: str, rung: int) -> Measurement:
    """A defect that every third pattern meets."""
    if int(member.pattern.id, 16) % 3 == 0:
        raise ZeroDivisionError("a defect")
    return pretended(member, task, rung)


@pytest.mark.parametrize("concurrency", CONCURRENT, ids=str)
def test_a_job_that_fails_is_one_failed_trial(start: StartStudy, tmp_path: Path, concurrency: Concurrency) -> None:
    """Also within a cohort, whose other members are trained without it."""
    broken: dict[str, Any] = {"concurrency": concurrency, "with_database": True, "sampler": "random"}
    front = start(tmp_path / "study", FakeExecutor(measure=breaking), **broken)
    trials = StudyFolder(tmp_path / "study").trials()
    failed = [trial for trial in trials if trial.state is TrialState.FAILED]
    assert {int(trial.pattern.id, 16) % 3 == 0 for trial in trials if trial.pattern and trial not in failed} == {False}
    assert len(failed) == front.trials[TrialState.FAILED] > 0 and front.points
    for trial in failed:
        assert trial.reason == "ZeroDivisionError: a defect"
        text = (tmp_path / "study/trials" / f"{trial.number:05d}" / "failure.txt").read_text()
        assert text.startswith("Traceback") and text.endswith("ZeroDivisionError: a defect\n")
        assert in_database(tmp_path / "study")[trial.number].constraints["trained"] > 0
    start(tmp_path / "study", FakeExecutor(), **broken)
    mended = StudyFolder(tmp_path / "study").trials()
    assert not [trial for trial in mended if trial.state is TrialState.FAILED]
    assert not list(tmp_path.glob("study/trials/*/failure.txt"))


class Brittle:
    """A space that fails for some of its values."""

    mended = False

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        if suggest.choice("kind", ["good", "bad"]) == "bad" and not self.mended:
            self.fail()
        made: ModelPattern = Hybrid().sample(suggest, shape)
        return made

    def fail(self) -> None:
        raise LookupError("no such kind")


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_space_that_fails_fails_one_trial(start: StartStudy, problem: Problem, tmp_path: Path, sampler: str) -> None:
    own: dict[str, Any] = {"with_problem": replace(problem, space=Brittle()), "sampler": sampler, "num_trials": 16}
    front = start(tmp_path / "study", FakeExecutor(), **own)
    trials = StudyFolder(tmp_path / "study").trials()
    failed = [trial for trial in trials if trial.state is TrialState.FAILED]
    assert front.points and failed
    line = Brittle.fail.__code__.co_firstlineno + 1
    for trial in failed:
        assert trial.reason.startswith(f"space: must sample without an error at {__file__}:{line}, got 'LookupError: ")
        assert trial.pattern is None and trial.params == {"kind": "bad"}
        text = (tmp_path / "study/trials" / f"{trial.number:05d}" / "failure.txt").read_text()
        assert "LookupError: no such kind" in text
    own["with_problem"].space.mended = True
    start(tmp_path / "study", FakeExecutor(), **own)
    mended = StudyFolder(tmp_path / "study").trials()
    assert len(mended) == len(trials)
    assert not [trial for trial in mended if trial.state is TrialState.FAILED]


def test_candidates_for_which_the_space_fails_are_passed_over(
    start: StartStudy, problem: Problem, tmp_path: Path
) -> None:
    start(tmp_path / "study", FakeExecutor(), with_problem=replace(problem, space=Brittle()), sampler="ehvi")
    sampled = [trial for trial in StudyFolder(tmp_path / "study").trials() if trial.baseline is None]
    assert [trial.params["kind"] for trial in sampled] == ["good"] * len(sampled)


def test_a_study_of_which_everything_fails_stops_soon(start: StartStudy, tmp_path: Path) -> None:
    def broken(member: Member, task: str, rung: int) -> Measurement:
        raise ZeroDivisionError("a defect")

    executor = FakeExecutor(measure=broken)
    with pytest.raises(StudyError, match=r"no trial could be measured, and 6 failed; .*: ZeroDivisionError: a defect"):
        start(tmp_path / "study", executor, num_trials=100)
    assert len(executor.trained) == 7, "another one was running"
    front = start(tmp_path / "study", FakeExecutor(), num_trials=100)
    assert front.points and not front.trials[TrialState.FAILED]


def test_a_small_study_of_which_everything_fails_has_no_front(
    start: StartStudy, problem: Problem, tmp_path: Path
) -> None:
    def broken(member: Member, task: str, rung: int) -> Measurement:
        raise ZeroDivisionError("a defect")

    only = replace(problem, baselines={"full": problem.baselines["full"]})
    with pytest.raises(StudyError, match=r"no trial could be measured, and 3 failed"):
        start(tmp_path / "study", FakeExecutor(measure=broken), num_trials=2, sampler="random", with_problem=only)
    assert not (tmp_path / "study/front.json").exists()


class Rude(Observer):
    """An observer that raises wherever it can."""

    def __getattribute__(self, name: str) -> Any:
        if name not in vars(Observer):
            return super().__getattribute__(name)

        def fail(*_: object) -> None:
            raise RuntimeError("no network")

        return fail


def test_an_observer_that_raises_is_left_behind(
    start: StartStudy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start(tmp_path / "calm", FakeExecutor())
    start(tmp_path / "rude", FakeExecutor(), observers=(Rude(),))
    assert front_bytes(tmp_path / "rude") == front_bytes(tmp_path / "calm")
    assert [record.message for record in caplog.records] == ["Rude failed and is left behind: no network"]


def test_a_clock_that_jumps_changes_nothing(start: StartStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of day goes back a year, or on by ten, whenever it is asked for: it decides nothing."""
    start(tmp_path / "calm", FakeExecutor(), with_database=True)
    jumps, now = random.Random(3), time.time
    monkeypatch.setattr(time, "time", lambda: now() + 3e7 * jumps.randint(-1, 10))
    start(tmp_path / "jumping", FakeExecutor(), with_database=True, observers=(ProgressFile(time_of_day=time.time),))
    assert front_bytes(tmp_path / "jumping") == front_bytes(tmp_path / "calm")
    assert [trial.values for trial in in_database(tmp_path / "jumping")] == [
        trial.values for trial in in_database(tmp_path / "calm")
    ]
    overview = study_overview(tmp_path / "jumping", time.time())
    assert overview.seconds_left is None or overview.seconds_left >= 0


HALVING = {"training": TrainingSettings(num_steps=400, num_rungs=3)}
RUNGS = (100, 200, 400)


@pytest.mark.parametrize("sampler", ["random", pytest.param("tpe", marks=pytest.mark.slow)])
def test_a_study_with_rungs_stopped_anywhere_comes_out_the_same(
    start: StartStudy, tmp_path: Path, sampler: str
) -> None:
    judged = HALVING | {"sampler": sampler, "fidelity": FidelitySettings(num_patterns=3, times=2, num_seeds=2)}
    whole = FakeExecutor()
    start(tmp_path / "whole", whole, **judged)
    for stop_after in range(0, len(whole.rungs), 11):
        folder = tmp_path / f"stopped-{stop_after}"
        before, after = FakeExecutor(stop_after=stop_after), FakeExecutor(random.Random(1))
        with pytest.raises(Stop):
            start(folder, before, **judged)
        start(folder, after, **judged)
        assert front_bytes(folder) == front_bytes(tmp_path / "whole")
        assert Counter(before.rungs + after.rungs) == Counter(whole.rungs)


class Halved(NamedTuple):
    """A study with rungs that has ended."""

    folder: Path
    front: Front
    rungs: list[tuple[int, int, int]]


@pytest.fixture(scope="module")
def halved(start: StartStudy, tmp_path_factory: pytest.TempPathFactory) -> Halved:
    folder, executor = tmp_path_factory.mktemp("halved") / "study", FakeExecutor()
    front = start(folder, executor, num_trials=40, confirm_seeds=0, with_database=True, **HALVING)
    return Halved(folder, front, executor.rungs)


def test_rungs_are_climbed_one_by_one_and_none_twice(halved: Halved) -> None:
    assert max(Counter(halved.rungs).values()) == 1
    for number in {number for number, _, _ in halved.rungs}:
        climbed = [rung for trial, _, rung in halved.rungs if trial == number]
        assert tuple(climbed) == RUNGS[: len(climbed)]


def test_halving_trains_few_to_the_end_and_shows_only_those(halved: Halved) -> None:
    front = halved.front
    trials = [trial for trial in StudyFolder(halved.folder).trials() if trial.duplicate_of is None]
    stopped = [trial for trial in trials if trial.state is TrialState.STOPPED]
    finished = [trial for trial in trials if trial.state is TrialState.FINISHED]
    assert stopped and {trial.step for trial in stopped} <= {100, 200}
    assert {trial.step for trial in finished} == {400}
    assert {point.trial for point in front.points} <= {trial.number for trial in finished}
    assert front.trials[TrialState.STOPPED] == len(stopped)
    told = in_database(halved.folder)
    assert [told[trial.number].state for trial in stopped] == [optuna.trial.TrialState.PRUNED] * len(stopped)


def test_baselines_are_never_dropped(halved: Halved, problem: Problem) -> None:
    assert len(halved.front.baselines) == len(problem.baselines)
    assert all(entry.state == "finished" for entry in halved.front.baselines)


@pytest.mark.slow
@pytest.mark.parametrize(
    "concurrency",
    CONCURRENT,
)
def test_the_order_in_which_workers_end_changes_nothing_with_rungs(
    start: StartStudy, tmp_path: Path, concurrency: Concurrency
) -> None:
    for seed in range(3):
        start(
            tmp_path / str(seed), FakeExecutor(random.Random(seed)), concurrency=concurrency, num_trials=20, **HALVING
        )
    assert front_bytes(tmp_path / "0") == front_bytes(tmp_path / "1") == front_bytes(tmp_path / "2")


def deceptive(member: Member, task: str, rung: int) -> Measurement:
    """Early rungs rank the other way round."""
    good = pretended(member, task, rung)
    assert good.quality is not None
    return structs.replace(good, quality=good.quality if rung >= RUNGS[-1] else 6.0 - good.quality)


def test_the_report_says_what_longer_training_makes_of_the_ranking(start: StartStudy, tmp_path: Path) -> None:
    judged = FidelitySettings(num_patterns=5, times=4, num_seeds=2)
    front = start(tmp_path / "study", FakeExecutor(), fidelity=judged, **HALVING)
    report = front.fidelity
    assert (report.num_steps, report.times, report.num_seeds) == (1600, 4, 2)
    own = report.objectives["quality"]
    assert len(own.patterns) == 5
    assert own.agreement.tau > 0.5 and own.agreement.low <= own.agreement.mean <= own.agreement.high
    assert 0 < report.share_of_steps < 1 and own.measured is not None
    assert [(one.from_steps, one.to_steps) for one in front.reordering] == [(100, 200), (200, 400), (400, 1600)]
    best = min(own.patterns, key=lambda one: one.short)
    assert best.trial == front.points[0].trial
    assert [rung.num_steps for rung in report.rungs] == [100, 200]
    files = list((tmp_path / "study" / "trials").glob("*/seed-*-0001600.json"))
    assert len(files) == 10


def test_trials_that_halving_stopped_are_among_the_long_runs(start: StartStudy, tmp_path: Path) -> None:
    judged = HALVING | {"fidelity": FidelitySettings(num_patterns=6, times=2, num_seeds=1)}
    front = start(tmp_path / "study", FakeExecutor(), num_trials=40, **judged)
    states = {trial.number: trial.state for trial in StudyFolder(tmp_path / "study").trials()}
    runs = front.fidelity.objectives["quality"].patterns
    assert {states[run.trial] for run in runs} == {TrialState.FINISHED, TrialState.STOPPED}
    assert all(run.forecast == (states[run.trial] is TrialState.STOPPED) for run in runs)
    shown = {point.trial: point.worth("quality") for point in front.points}
    assert {run.trial: run.short for run in runs if run.trial in shown}.items() <= shown.items()
    assert front.points[0].trial in {run.trial for run in runs}
    assert not {run.trial for run in runs if run.forecast} & set(shown)


def test_early_rungs_that_deceive_are_seen_through(start: StartStudy, tmp_path: Path) -> None:
    judged = HALVING | {"fidelity": FidelitySettings(num_patterns=2, times=2, num_seeds=1)}
    front = start(tmp_path / "study", FakeExecutor(measure=deceptive), num_trials=16, confirm_seeds=0, **judged)
    assert all(rung.tau["quality"] < 0 for rung in front.fidelity.rungs)
    honest = start(tmp_path / "honest", FakeExecutor(), num_trials=16, confirm_seeds=0, **HALVING)
    assert front.points[0].values["quality"] <= honest.points[0].values["quality"] + 0.1


def test_a_longer_study_with_rungs_ends_as_one_that_was_long_from_the_start(start: StartStudy, tmp_path: Path) -> None:
    start(tmp_path / "long", FakeExecutor(), num_trials=20, **HALVING)
    start(tmp_path / "grown", FakeExecutor(), num_trials=8, **HALVING)
    start(tmp_path / "grown", FakeExecutor(), num_trials=20, **HALVING)
    assert front_bytes(tmp_path / "grown") == front_bytes(tmp_path / "long")


def test_a_study_in_which_everything_diverges_ends_with_a_report_that_says_nothing(
    start: StartStudy, tmp_path: Path
) -> None:
    def lost(member: Member, task: str, rung: int) -> Measurement:
        return structs.replace(
            pretended(member, task, rung), outcome=Outcome.DIVERGED, quality=None, train_loss=None, longer=()
        )

    judged = HALVING | {"fidelity": FidelitySettings(num_patterns=3, times=2, num_seeds=2)}
    front = start(tmp_path / "study", FakeExecutor(measure=lost), **judged)
    assert front.points == () and front.fidelity.objectives["quality"].agreement is None
