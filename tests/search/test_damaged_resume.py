"""Studies whose files were edited, cut or removed resume, or are refused in one line; no finished run is lost.

A case that once did harm is kept in KNOWN, which every run repeats.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, rmtree
from unicodedata import category

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nas.errors import NasError
from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.results.measurement import Measurement
from tests.edits import Add, Cut, Edit, Put, edited, edits_of, parsed
from tests.toy_study import FakeExecutor, StartStudy, pretended

NUM_CASES = 250


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to one file of a study.

    Args:
        file: its path in the study.
        edits: of its content.
        other: the file whose content it has instead; empty for none.
        removed: whether it is gone.
    """

    file: str
    edits: tuple[Edit, ...] = ()
    other: str = ""
    removed: bool = False


KNOWN = (
    (Damage(file="decisions.jsonl", edits=(Put(at=(-1, "trials"), text="[999]"),)),),
    (Damage(file="decisions.jsonl", edits=(Put(at=(-1, "trials"), text="[-1]"),)),),
    (Damage(file="decisions.jsonl", edits=(Put(at=(3, "agreements"), text="[0.5, 0.5, 0.5, 0.5]"),)),),
    (Damage(file="decisions.jsonl", edits=(Cut(0.5),)),),
    (Damage(file="trials/00000/trial.json", edits=(Add(at=("measurements", 3), key="task\ufeff", text="0"),)),),
    (Damage(file="trials/00007/ask.json", removed=True), Damage(file="trials/00009/pattern.json", removed=True)),
)


def trained(member: Member, task: str, rung: int) -> Measurement:
    return replace(pretended(member, task, rung), wall_seconds=1.0)


def resume(start: StartStudy, folder: Path) -> None:
    training = TrainingSettings(num_steps=400, num_rungs=3)
    start(folder, FakeExecutor(random.Random(1), measure=trained), sampler="random", training=training)


@pytest.fixture(scope="module")
def whole(start: StartStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "study"
    resume(start, folder)
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "study"


def names(folder: Path) -> list[str]:
    found = [*folder.glob("trials/*/*.json"), folder / "decisions.jsonl", folder / "front.json"]
    return sorted(str(path.relative_to(folder)) for path in found)


def do(damage: Damage, whole: Path, folder: Path) -> None:
    path, content = folder / damage.file, (whole / (damage.other or damage.file)).read_bytes()
    if damage.removed:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(edited(content, path.suffix, damage.edits) if damage.edits else content)


def check(start: StartStudy, whole: Path, folder: Path, damages: tuple[Damage, ...]) -> None:
    """Resume a damaged copy of the study, and once more when what was refused is as it was."""
    rmtree(folder, ignore_errors=True)
    copytree(whole, folder)
    for damage in damages:
        do(damage, whole, folder)
    touched = {damage.file for damage in damages}
    untouched = {name for name in names(whole) if "/seed-" in name and name not in touched}
    try:
        resume(start, folder)
    except NasError as error:
        text = str(error)
        assert "\n" not in text and len(text) < 4000
        assert not [each for each in text if category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")], repr(text)
        for name in touched:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes((whole / name).read_bytes())
        resume(start, folder)
        assert (folder / "front.json").read_bytes() == (whole / "front.json").read_bytes()
    for name in untouched:
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), "a finished run was lost or changed"
    if all(damage.removed for damage in damages):
        assert (folder / "front.json").read_bytes() == (whole / "front.json").read_bytes()


@pytest.mark.parametrize("damages", KNOWN, ids=str)
def test_what_once_did_harm(start: StartStudy, whole: Path, copy: Path, damages: tuple[Damage, ...]) -> None:
    check(start, whole, copy, damages)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["decisions", "ask", "pattern", "seed", "trial", "front"])
def test_a_damaged_study_resumes_or_is_refused(start: StartStudy, whole: Path, copy: Path, kind: str) -> None:
    own = [name for name in names(whole) if Path(name).name.startswith(kind)]

    @st.composite
    def damage(draw: st.DrawFn) -> Damage:
        file = draw(st.sampled_from(own))
        how = draw(st.sampled_from(["edited", "edited", "edited", "removed", "swapped"]))
        if how == "swapped":
            return Damage(file=file, other=draw(st.sampled_from(own)))
        if how == "removed":
            return Damage(file=file, removed=True)
        content = (whole / file).read_bytes()
        return Damage(file=file, edits=draw(edits_of(parsed(content, Path(file).suffix))))

    @settings(
        max_examples=NUM_CASES // 6,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(damages=st.lists(damage(), min_size=1, max_size=3, unique_by=lambda one: one.file))
    def each(damages: list[Damage]) -> None:
        check(start, whole, copy, tuple(damages))

    each()
