"""The pictures of the documentation are those that the script draws."""

import json
from pathlib import Path

import numpy as np
import pictures
import pytest
from PIL import Image

from nas.patterns.label import label
from nas.results.codec import to_document
from tests.fronts import make_front

KEPT = Path(__file__).parents[2] / "docs" / "pictures"
OTHERS = {"table.png", "front.png", "checkpoint.png", "pattern.png", "transfer-ranks.png", "transfer-cost.png"}


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"), dtype=float)


@pytest.mark.slow
def test_the_script_draws_the_pictures_that_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Letters may differ by the version of a font; what is drawn covers the same places."""
    study = tmp_path / "runs" / "demo"
    study.mkdir(parents=True)
    (study / "front.json").write_text(json.dumps(to_document(make_front())))
    out = tmp_path / "out"
    pictures.main(["--out", str(out), "--study", str(study), "--checkpoint", str(study)])
    drawn = {path.name for path in out.iterdir()}
    assert drawn == {path.name for path in KEPT.glob("gallery-*.png")} | OTHERS
    for name in drawn - {"front.png", "checkpoint.png"}:
        ours, kept = pixels(out / name), pixels(KEPT / name)
        assert ours.shape == kept.shape, f"{name}: run make pictures"
        assert np.abs(ours - kept).mean() < 2, f"{name}: run make pictures"


def test_the_pattern_is_the_one_of_the_readme() -> None:
    text = (KEPT.parents[1] / "README.md").read_text(encoding="utf-8")
    [row] = [line for line in text.splitlines() if line.split()[:1] == ["26"]]
    assert row.endswith(f"  {label(pictures.readme_pattern())}")


def test_the_gallery_has_its_commands() -> None:
    assert len(list(pictures.gallery_commands())) == len(list(KEPT.glob("gallery-*.png")))


def test_every_picture_is_drawn_by_the_script_or_named_by_it() -> None:
    drawn = {Path(command.split()[-1]).name for command in pictures.gallery_commands()} | OTHERS
    for path in KEPT.glob("*.png"):
        assert path.name in drawn or f"`{path.name}`" in str(pictures.__doc__), path
