"""A study that is killed at any write, or meets a full disk there, ends as if nothing had happened.

Every write of a real study is met, by enumeration: of a plain one, of cohorts, and inside a checkpoint with frozen
weights and with LoRA. Only Optuna's database, whose writes are SQLite's own, has tests elsewhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from nas.config.load import load_settings
from nas.errors import NasError
from nas.evaluation import trunk_files
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Window
from nas.results.observer import Observer
from nas.search.executors import choose
from nas.search.executors.trainer import Trainer
from nas.search.problem.problem import make_problem
from nas.search.settings import StudySettings
from nas.search.study import run_study
from nas.space.space import Shape, Suggester
from tests.fault_points import full_disk_at, read_only_from, restore, states_of, watching, writes_of
from tests.one_thread import one_thread as one_thread
from tests.tiny_models import save_tiny_model, written_text

pytestmark = pytest.mark.slow

TINY = [
    "sampler=random",
    "num_trials=1",
    "task.validation_sequences=2",
    "training.num_steps=6",
    "training.num_rungs=2",
    "training.batch_size=2",
    "training.warmup_steps=1",
    "training.test_lengths=[]",
    "space=tests.search.test_faults:Windows",
    "tracking=none",
    "device=cpu",
    "workers=1",
]
RECALL = ["task=recall", "task.num_tokens=16", "task.vocab_size=16", "task.num_pairs=2"]
PROXY = ["proxy.num_layers=1", "proxy.d_model=8", "proxy.num_heads=2"]
SCRATCH = [*RECALL, *PROXY, "confirm_seeds=1", "fidelity.num_patterns=1", "fidelity.times=2", "fidelity.num_seeds=1"]
NEEDLES = ["evaluation.needle_depths=[0.5]", "evaluation.needle_sequences=2"]
INSIDE = ["evaluation=checkpoint", "task.num_tokens=32", *NEEDLES]
KINDS: dict[str, list[str]] = {
    "plain": SCRATCH,
    "cohort": [*SCRATCH, "cohort_size=3", "num_trials=2"],
    "checkpoint": INSIDE,
    "lora": [*INSIDE, "evaluation.weights=lora", "evaluation.lora_rank=1", "confirm_seeds=1"],
}


class Windows:
    """A space of windows, whose only baseline is full attention."""

    baselines = ()

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        width = suggest.choice("width", [2, 3, 4, 5, 6, 7])
        assert isinstance(width, int)
        return shape.pattern([(HeadGroup(shape.num_heads, (Window(width),)),)] * shape.num_layers)


@dataclass
class Runner:
    """Runs one study again and again, in new folders, with what it needs loaded once."""

    settings: StudySettings
    places: Iterator[Path]

    def run(self, folder: Path) -> bytes:
        run_study(replace(self.settings, study=str(folder)))
        return (folder / "front.json").read_bytes().replace(folder.name.encode(), b"STUDY")


class NoFollower(Observer):
    """A database takes as long as all the rest, and its thread would write at other moments in every run."""

    def close(self) -> None:
        pass


@pytest.fixture(params=KINDS)
def runner(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    words = [*TINY, *KINDS[request.param]]
    if request.param in ("checkpoint", "lora"):
        model = save_tiny_model(tmp_path / "model", num_hidden_layers=1)  # adapters of many layers take long to make
        words += [f"checkpoint={model}", f"task.path={written_text(tmp_path)}"]
    (settings,) = load_settings(words)
    monkeypatch.setattr(choose, "num_cores", lambda: 1)
    monkeypatch.setattr(trunk_files, "SAVE_STEPS", 2)
    kept: dict[str, Any] = {}

    def once(name: str, make: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: kept.get(name) or kept.setdefault(name, make(*args))

    monkeypatch.setattr("nas.search.study.make_problem", once("problem", make_problem))
    monkeypatch.setattr("nas.search.executors.choose.Trainer", once("trainer", Trainer))
    monkeypatch.setattr("nas.search.study.follow", lambda *_: NoFollower())
    return Runner(settings, (tmp_path / f"study{number:04d}" for number in count()))


def test_a_study_killed_at_any_write_ends_the_same(runner: Runner) -> None:
    first = next(runner.places)
    fronts: list[bytes] = []
    states = states_of(first, lambda: fronts.append(runner.run(first)))
    assert len(states) >= 20
    for state in states:
        folder = next(runner.places)
        restore(state, folder)
        assert runner.run(folder) == fronts[0], sorted(state)
        assert not [path for path in folder.rglob("*") if path.name.endswith((".tmp", ".pt"))]


def test_a_disk_that_is_full_at_any_write_is_one_line_and_loses_nothing(runner: Runner) -> None:
    first = next(runner.places)
    fronts: list[bytes] = []
    writes = writes_of(first, lambda: fronts.append(runner.run(first)))
    kinds = [kind for kind in writes if not kind.startswith("os.remove")]  # which needs no room
    assert len(kinds) >= 20
    for kind in kinds:
        folder = next(runner.places)
        try:
            with watching(folder, full_disk_at(kind)):
                runner.run(folder)
        except NasError as error:
            assert "No space left on device" in str(error) and "\n" not in str(error), kind
        assert runner.run(folder) == fronts[0], kind


@pytest.mark.parametrize("runner", ["plain"], indirect=True)
def test_a_disk_that_becomes_read_only_is_one_line_and_loses_nothing(runner: Runner) -> None:
    """What would clean up fails as well. Met at every fourth write, as much of it is tested above."""
    first = next(runner.places)
    fronts: list[bytes] = []
    writes = writes_of(first, lambda: fronts.append(runner.run(first)))
    for kind in writes[1::4]:  # before the first there is no folder
        folder = next(runner.places)
        with pytest.raises(NasError, match=r"Read-only file system") as caught, watching(folder, read_only_from(kind)):
            runner.run(folder)
        assert "\n" not in str(caught.value), kind
        assert runner.run(folder) == fronts[0], kind
