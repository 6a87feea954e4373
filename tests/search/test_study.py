"""One study as a user runs it: which folders it resumes, and which it refuses."""

import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from nas.errors import InputError, StudyError
from nas.files import write_json
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.redact import REDACTED
from nas.report.fidelity import fidelity_lines
from nas.search.executors import choose
from nas.search.settings import FidelitySettings, SpaceSettings, StudySettings
from nas.search.storage.study_folder import StudyFolder
from nas.search.study import run_study
from nas.tasks.synthetic.recall import RecallSettings
from tests.one_thread import one_thread as one_thread

OWN_SPACE = """
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Window

class Own:
    def sample(self, suggest, shape):
        window = Window(suggest.integer("window", 1, 12))
        return ModelPattern.of([(HeadGroup(shape.num_heads, (window,)),)] * shape.num_layers)
"""
OWN_SPACE_WITH_SECRETS = """
from dataclasses import dataclass

@dataclass
class Own:
    api_key: str
    address: str
"""
IMPORTS_A_SHIPPED_SPACE = f"from search_spaces.hybrid import Hybrid\n{OWN_SPACE}"


def forget_modules() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "search_spaces"]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def own_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module `search_spaces.own` of the user's, in the current directory, with nas installed outside of it."""
    path = tmp_path / "search_spaces" / "own.py"
    path.parent.mkdir()
    path.write_text(OWN_SPACE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [one for one in sys.path if not (Path(one) / "search_spaces").is_dir()])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(choose, "num_cores", lambda: 1)
    with pytest.MonkeyPatch.context() as modules:
        for name in [name for name in sys.modules if name.partition(".")[0] == "search_spaces"]:
            modules.delitem(sys.modules, name)
        importlib.invalidate_caches()
        yield path
        forget_modules()


def own_study(num_trials: int) -> StudySettings:
    return StudySettings(
        num_trials=num_trials,
        space=SpaceSettings(attribute="search_spaces.own:Own"),
        task=RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2, validation_sequences=2),
        proxy=ProxySettings(num_layers=1, num_heads=2, d_model=8),
        training=TrainingSettings(num_steps=2, batch_size=2, warmup_steps=0, num_rungs=1),
        sampler="random",
        confirm_seeds=0,
        fidelity=FidelitySettings(num_patterns=0),
        device="cpu",
        workers=1,
    )


def test_a_space_in_a_users_folder_search_spaces_is_found_again(own_space: Path) -> None:
    run_study(own_study(1))
    forget_modules()
    front = run_study(own_study(3))
    folder = StudyFolder(Path("runs/default"))
    assert folder.settings_document()["space"] == {"attribute": "search_spaces.own:Own", "options": {}}
    assert len(folder.trials()) == sum(front.trials.values()) == len(front.baselines) + 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            None,
            "space.attribute: must name a module that can be found, got 'search_spaces.own'. "
            "Run in the folder that holds it, or install it.",
        ),
        (
            IMPORTS_A_SHIPPED_SPACE,
            "space.attribute: must name a module that imports; search_spaces.own raised an error, "
            "got \"ModuleNotFoundError: No module named 'search_spaces.hybrid'\". "
            "Import shipped spaces from nas.search_spaces.",
        ),
    ],
    ids=["moved away", "written for an older nas"],
)
def test_a_study_whose_space_no_longer_loads_is_refused_in_one_line(
    own_space: Path, text: str | None, message: str
) -> None:
    run_study(own_study(1))
    forget_modules()
    before = {path: path.read_bytes() for path in Path("runs").rglob("*") if path.is_file()}
    own_space.unlink() if text is None else own_space.write_text(text)
    with pytest.raises(InputError) as caught:
        run_study(own_study(3))
    assert str(caught.value) == message
    assert {path: path.read_bytes() for path in Path("runs").rglob("*") if path.is_file()} == before
    own_space.write_text(OWN_SPACE if text is None else text.replace("search_spaces", "nas.search_spaces", 1))
    forget_modules()
    run_study(own_study(3))


def test_trials_without_their_settings_are_not_mixed_with_others(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "orphan")
    write_json(folder.trial_path(0) / "ask.json", {})
    with pytest.raises(StudyError, match=r"has trials but no config\.yaml"):
        task = RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2)
        run_study(StudySettings(study=f"{tmp_path}/orphan", task=task, device="cpu", workers=1))


@pytest.mark.parametrize("name", ["report.html", "study.db", "front.csv", "trials/mine/checkpoint-1.pt", "data.json"])
def test_files_of_something_else_are_not_written_over(tmp_path: Path, name: str) -> None:
    """A folder that the user names as a study may be in use for other things."""
    mine = tmp_path / "results" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    task = RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2)
    with pytest.raises(
        StudyError, match=rf"results has {name.split('/')[0]} but no config\.yaml.*choose another study"
    ):
        run_study(StudySettings(study=f"{tmp_path}/results", task=task, device="cpu", workers=1))
    files = {path.relative_to(tmp_path / "results").as_posix() for path in (tmp_path / "results").rglob("*")}
    assert mine.read_text() == "mine" and files - {"lock", "lease", "lease/00000001", "trials", "trials/mine"} == {name}


@pytest.fixture
def ended(own_space: Path) -> StudyFolder:
    """A study of three sampled trials."""
    run_study(own_study(3))
    return StudyFolder(Path("runs/default"))


def test_fewer_trials_than_were_sampled_are_refused(ended: StudyFolder) -> None:
    """The others would stay in the folder, and be reported and recorded with a front that does not count them."""
    before = ended.front_json()
    with pytest.raises(StudyError, match=r"^num_trials: must be at least 3, which runs/default has sampled, got 2\.$"):
        run_study(own_study(2))
    assert ended.front_json() == before


def test_a_study_that_goes_on_elsewhere_says_so(ended: StudyFolder, caplog: pytest.LogCaptureFixture) -> None:
    [here] = ended.front().provenance.environments
    assert re.fullmatch(r"nas [\d.]+, torch [^,]+, Python [\d.]+, \S+ \S+, 1 thread, float32", here)
    run_study(own_study(3))
    assert not caplog.records
    elsewhere = here.replace("torch", "jax")
    for path in ended.path.glob("trials/*/*.json"):
        path.write_text(path.read_text().replace(here, elsewhere))
    front = run_study(own_study(4))
    [warning] = [record.message for record in caplog.records]
    assert warning.startswith(f"runs/default was measured so far with {elsewhere}; it goes on with {here}.")
    assert front.provenance.environments == (elsewhere, here)


def test_a_study_that_goes_on_in_another_precision_says_more(
    ended: StudyFolder, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ended.path.glob("trials/*/*.json"):
        path.write_text(path.read_text().replace(", float32", ", bfloat16"))
    front = run_study(own_study(4))
    [warning] = [record.message for record in caplog.records]
    assert "Another precision alone may change the ranking. Training runs begun in it start again" in warning
    assert len(front.provenance.environments) == 2
    assert "THEIR PRECISIONS DIFFER" in fidelity_lines(front)[-1]


def test_a_study_with_links_is_refused(ended: StudyFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "checkpoint-000000001-x.pt").write_text("precious")
    (ended.path / "trials/00009").symlink_to(outside)
    with pytest.raises(StudyError, match="trials/00009: must be a file or a folder of the study itself"):
        run_study(own_study(4))
    assert (outside / "checkpoint-000000001-x.pt").read_text() == "precious"


def test_secrets_among_the_settings_are_neither_written_nor_printed(
    own_space: Path,
) -> None:
    own_space.write_text(
        f"from dataclasses import dataclass\n{OWN_SPACE}".replace("class Own:", OWN_SPACE_WITH_SECRETS)
    )

    def study(key: str, **others: Any) -> StudySettings:
        options = {"api_key": key, "address": f"https://me:{key}@host/choices"}
        return replace(own_study(1), space=SpaceSettings(attribute="search_spaces.own:Own", options=options), **others)

    run_study(study("hunter2"))
    config = Path("runs/default/config.yaml")
    written = config.read_text()
    assert yaml.safe_load(written)["space"]["options"] == {
        "api_key": REDACTED,
        "address": f"https://{REDACTED}@host/choices",
    }
    config.write_text(written.replace(REDACTED, "hunter2"))  # as earlier releases did
    with pytest.raises(StudyError, match=r"other settings \(seed: was 0, now 1\)"):
        run_study(study("swordfish", seed=1))
    front = run_study(study("swordfish", num_trials=2))
    assert sum(front.trials.values()) == len(front.baselines) + 2
    for path in filter(Path.is_file, Path("runs").rglob("*")):
        assert not re.search(b"hunter2|swordfish", path.read_bytes()), path
