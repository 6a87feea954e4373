"""What a driver reads of a study that someone else has touched: one line that names the file, and no traceback."""

from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.files import read_json, write_json
from nas.results.proposal import Proposal, Suggestion
from nas.search.storage.study_folder import StudyFolder

DAMAGE = [b"", b"{", b"[]", b"{}", b"5", b"\xff\xfe\x00", b"[" * 100_000]


def put(path: Path, content: bytes | None) -> None:
    """The content in a file; None for a folder of that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir() if content is None else path.write_bytes(content)


@pytest.mark.parametrize("content", [*DAMAGE, None])
@pytest.mark.parametrize("name", ["data.json", "trials/00003/ask.json", "trials/00003/seed-0-silent-0000400.json"])
def test_damaged_json_is_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    put(tmp_path / name, content)
    folder = StudyFolder(tmp_path)
    read = {
        "data.json": folder.read_fingerprints,
        "trials/00003/ask.json": lambda: folder.read_proposal(3),
        "trials/00003/seed-0-silent-0000400.json": lambda: folder.read_measurement(3, 0, "silent", 400),
    }[name]
    with pytest.raises(StudyError) as caught:
        read()
    text = str(caught.value)
    assert "\n" not in text
    if content is None:
        assert text == f"{tmp_path / name}: cannot be read (Is a directory)."
    else:
        assert text.startswith(f"{tmp_path / name}: must hold what nas search wrote there, but is damaged (")
        assert text.endswith("Restore it, or delete it and run the same nas search again, which makes it anew.")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"surprise": 1}, "Object contains unknown field `surprise`"),
        ({"suggestion": {"params": {"width": None}}}, "suggestion.params[...]: Expected `bool | int | float | str`"),
        ({"suggestion": {"attributes": []}}, "suggestion.attributes: Expected `object`, got `array`"),
        ({"chosen": {"width": [4]}}, "chosen[...]: Expected `bool | int | float | str`, got `array`"),
        ({"flaw": None}, "flaw: Expected `str`, got `null`"),
    ],
)
def test_a_hand_edited_proposal_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    folder, path = StudyFolder(tmp_path), tmp_path / "trials/00003/ask.json"
    folder.write_proposal(
        3, Proposal(suggestion=Suggestion(params={"width": 1}), flaw="width: no", chosen={"width": 4})
    )
    write_json(path, read_json(path) | change)
    with pytest.raises(StudyError) as caught:
        folder.read_proposal(3)
    assert str(caught.value).startswith(f"{path}: must hold what nas search wrote there, but is damaged ({said}")


def test_a_proposal_that_lacks_its_flaw_is_named(tmp_path: Path) -> None:
    folder, path = StudyFolder(tmp_path), tmp_path / "trials/00003/ask.json"
    folder.write_proposal(3, Proposal(suggestion=Suggestion(), flaw="width: no"))
    document = read_json(path)
    del document["flaw"]
    write_json(path, document)
    with pytest.raises(StudyError, match=r"ask\.json: must hold .*\(Object missing required field `flaw`\)"):
        folder.read_proposal(3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "ValueError: it holds no hash"),
        ('{"task silent": 5}', "[...]: Expected `str`, got `int`"),
        ('{"task silent": null}', "[...]: Expected `str`, got `null`"),
    ],
)
def test_hand_edited_fingerprints_are_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "data.json").write_text(text)
    with pytest.raises(StudyError) as caught:
        StudyFolder(tmp_path).read_fingerprints()
    assert str(caught.value).startswith(f"{tmp_path / 'data.json'}: must hold what nas search wrote there")
    assert f"({said})" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quality": "2.5"}, "(quality: Expected `float | null`, got `str`)"),
        ({"seed": 1}, "(ValueError: seed and step must be 0, 400, got 1, 400)"),
        ({"step": 200}, "(ValueError: seed and step must be 0, 400, got 0, 200)"),
    ],
)
def test_a_hand_edited_measurement_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    """A quality that is text; the measurement of another seed or rung."""
    good = {
        "seed": 0,
        "learning_rate": 0.1,
        "step": 400,
        "outcome": "finished",
        "quality": 2.5,
        "train_loss": 1.7,
        "wall_seconds": 1.0,
        "longer": [],
    }
    path = tmp_path / "trials/00003/seed-0-silent-0000400.json"
    write_json(path, good)
    assert StudyFolder(tmp_path).read_measurement(3, 0, "silent", 400) is not None
    write_json(path, good | change)
    with pytest.raises(StudyError) as caught:
        StudyFolder(tmp_path).read_measurement(3, 0, "silent", 400)
    assert str(caught.value).startswith(f"{path}: must hold what nas search wrote there, but is damaged {said}. ")
