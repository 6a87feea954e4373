"""A study folder, read only: names, what is missing and what is damaged."""

from pathlib import Path
from typing import Any

import pytest

from nas.errors import InputError, StudyError
from nas.files import write_text
from nas.results.study import FREE_TO_CHANGE, StudyReader, read_front, settings_differences, study_path
from nas.results.trial import TrialState
from nas.search.settings import StudySettings


def test_a_study_is_a_name_or_a_path(tmp_path: Path) -> None:
    assert study_path("night-1", "runs") == Path("runs/night-1")
    assert study_path(f"{tmp_path}/x") == tmp_path / "x"
    for bad in ("", ".hidden", "a b", "-x", "ä"):
        with pytest.raises(InputError, match=r"^study: must be a name of letters"):
            study_path(bad)


def test_a_missing_study_names_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"got 'two'\. Start one with nas search\.$"):
        StudyReader.existing("two", str(tmp_path))
    write_text(tmp_path / "one" / "config.yaml", "seed: 1\n")
    with pytest.raises(StudyError, match=r"got 'two'. Known under .*: one\."):
        StudyReader.existing("two", str(tmp_path))
    assert StudyReader.existing("one", str(tmp_path)).path == tmp_path / "one"


def test_what_is_not_there_yet_is_named(tmp_path: Path) -> None:
    reader = StudyReader(tmp_path)
    with pytest.raises(StudyError, match="has no front yet"):
        reader.front()
    with pytest.raises(StudyError, match="has no front yet"):
        read_front(tmp_path / "front.json")
    with pytest.raises(StudyError, match=rf"^trial: must be in {tmp_path}, where none has ended, got 3\.$"):
        reader.trial(3)
    assert reader.trials() == () and not reader.has_front()
    assert reader.settings_document() is None
    (tmp_path / "config.yaml").write_text("- 1\n")
    with pytest.raises(StudyError, match="must hold the settings"):
        reader.settings_document()


def test_an_ended_study_is_read_without_being_touched(ended: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in ended.rglob("*")}
    reader = StudyReader(ended)
    trials = reader.trials()
    assert [trial.number for trial in trials] == list(range(10))
    assert reader.trial(7) == trials[7]
    assert reader.front_json() == (ended / "front.json").read_bytes()
    assert sum(reader.front().trials.values()) == len(trials)
    assert {trial.state for trial in trials} == {TrialState.FINISHED}
    document = reader.settings_document()
    assert document is not None and document["sampler"] == "random"
    assert {path: path.stat().st_mtime_ns for path in ended.rglob("*")} == before


@pytest.mark.parametrize("number", [-1, 10, 99999])
def test_a_trial_that_is_not_there_names_those_that_are(ended: Path, number: int) -> None:
    with pytest.raises(StudyError) as caught:
        StudyReader(ended).trial(number)
    assert str(caught.value) == f"trial: must be one of 0 to 9 of {ended}, got {number}."


DAMAGE = [b"", b"{", b"[]", b"{}", b"5", b"\xff\xfe\x00", b"[" * 100_000, b'{"schema": "nas.front/1"}', None]


@pytest.mark.parametrize("content", DAMAGE)
@pytest.mark.parametrize("name", ["front.json", "trials/00003/trial.json"])
def test_damage_is_one_line_that_names_the_file(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir() if content is None else path.write_bytes(content)
    reader = StudyReader(tmp_path)
    reads = [reader.front] if name == "front.json" else [reader.trials, lambda: reader.trial(3)]
    for read in reads:
        with pytest.raises(StudyError) as caught:
            read()
        text = str(caught.value)
        assert text.startswith(f"{path}: ") and "\n" not in text
        if content is None:
            assert text == f"{path}: cannot be read (Is a directory)."
        else:
            assert text.startswith(f"{path}: must hold what nas search wrote there, but is damaged (")
            assert text.endswith("Restore it, or delete it and run the same nas search again, which makes it anew.")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "must hold the settings of a study, got NoneType."),
        (b"[]", "must hold the settings of a study, got list."),
        (b"{", "must hold YAML, got 'while parsing a flow node'."),
        (b"\xff\xfe\x00", "must hold YAML, got "),
        (None, "cannot be read (Is a directory)."),
    ],
)
def test_damaged_settings_are_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "config.yaml"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        StudyReader(tmp_path).settings_document()
    assert str(caught.value).startswith(f"{path}: {said}")


class TestDifferences:
    def test_equal_settings_have_none(self) -> None:
        document = StudySettings().to_document()
        assert settings_differences(document, document) == []

    def test_every_difference_is_named_with_its_place(self) -> None:
        before: dict[str, Any] = {"seed": 1, "space": {"attribute": "a:A", "options": {"heads": [1]}}, "workers": 2}
        now = {"seed": 2, "space": {"attribute": "a:A", "options": {"heads": [1, 2]}, "extra": 3}, "workers": 2}
        assert settings_differences(before, now) == [
            "seed: was 1, now 2",
            "space.extra: was None, now 3",
            "space.options.heads: was [1], now [1, 2]",
        ]

    def test_what_a_resumed_study_may_change_is_none(self) -> None:
        before = StudySettings().to_document()
        assert set(FREE_TO_CHANGE) <= before.keys()
        assert settings_differences(before, before | dict.fromkeys(FREE_TO_CHANGE, "other")) == []

    def test_only_at_the_top_may_these_be_changed(self) -> None:
        one, other = ({"space": {"workers": number}} for number in (1, 2))
        assert settings_differences(one, other) == ["space.workers: was 1, now 2"]


def test_settings_that_expand_to_gigabytes_are_refused(tmp_path: Path) -> None:
    """Comparing them with those of the command line would print them."""
    levels = "".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]\n" for level in range(1, 30))
    (tmp_path / "config.yaml").write_text(f"l0: &l0 [lol]\n{levels}")
    with pytest.raises(InputError, match=r"config\.yaml:2: must not refer to an anchor"):
        StudyReader(tmp_path).settings_document()
    (tmp_path / "config.yaml").write_text("[" * 100_000)
    with pytest.raises(StudyError, match="must"):
        StudyReader(tmp_path).settings_document()
