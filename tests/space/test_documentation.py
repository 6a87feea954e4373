"""docs/spaces.md says what the software does: its tables are compared."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from nas.patterns.label import label
from nas.search_spaces.anchors import ANCHORS
from nas.search_spaces.families import FAMILIES
from nas.space.baselines import BASELINES
from nas.space.load import load_space
from nas.space.needs import ANYTHING
from nas.space.random_suggester import RandomSuggester
from nas.space.sensitivity import Sensitivity
from nas.space.space import Option, Shape
from tests.surveys import made_survey

PAGE = (Path(__file__).parents[2] / "docs" / "spaces.md").read_text(encoding="utf-8")
TEXT = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True, context=True)
MASKED = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=False)
CHECKPOINT = Shape(
    num_layers=2,
    num_heads=4,
    num_tokens=128,
    causal=True,
    weighted=True,
    retrieval_heads=tuple((layer, head) for layer in (1, 0) for head in range(4)),
    sensitivity=Sensitivity(made_survey(2, 4, 128)),
)
IMAGE = Shape(num_layers=2, num_heads=4, num_tokens=64, causal=False, grid=(8, 8))


CHAPTERS = dict(re.findall(r"^### `space=(\w+)`.*?\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))
"""The text of every space by the name in its heading."""


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_table_shows_the_default_options(name: str) -> None:
    rows = re.findall(r"^\| `(\w+)`[^|]*\|[^|]*\|([^|]*)\|$", CHAPTERS[name], re.MULTILINE)
    depth = 3 if name == "per_head" else 2  # what a family of `everything` draws stands in another table
    offered = {key.split(".")[-1]: words for key, words in options_of(name).items() if key.count(".") < depth}
    listed = {key: example.strip() for key, example in rows if key not in FAMILIES}
    assert listed == {key: words for key, words in offered.items() if key in listed}
    assert listed.keys() == offered.keys() | ({"families"} if name == "everything" else set())


def test_every_space_has_a_chapter_and_a_line() -> None:
    lines = re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\|([^|]*)\| (\d+) \|$", PAGE, re.MULTILINE)
    shipped = {path.stem for path in (Path(__file__).parents[2] / "conf" / "space").glob("*.yaml")}
    assert {name for name, _, _ in lines} == shipped == {*CHAPTERS, "uniform"}
    for name, baselines, distinct in lines:
        space, shape = space_and_shape(name)
        ids = {space.sample(RandomSuggester(seed), shape).id for seed in range(200)}
        assert (name, str(len(ids))) == (name, distinct)
        listed = tuple(baselines.strip().split(", "))
        assert (name, listed) == (name, ("all that fit",) if name == "everything" else type(space).baselines)


def test_the_families_are_listed_with_what_they_draw() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*)\| ([^|]*)\|$", CHAPTERS["everything"], re.MULTILINE)
    listed = {name: set(re.findall(r"`(\w+)`", drawn.split(";")[0])) for name, _, drawn in rows if name in FAMILIES}
    made = {}
    for name, family in FAMILIES.items():
        shape = next(shape for shape in (TEXT, IMAGE) if family.needs.lack(shape) is None)
        suggest = RandomSuggester(0)
        family.draw(suggest, shape)
        made[name] = set(suggest.params)
    assert listed == made


def test_the_anchors_are_listed_with_their_labels() -> None:
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\|[^|]+\| (L0.*) \|$", CHAPTERS["anchors"], re.MULTILINE)
    shapes = {name: replace(TEXT, num_layers=max(2, anchor.least_layers)) for name, anchor in ANCHORS.items()}
    made = [(name, label(anchor.make(shapes[name]))) for name, anchor in ANCHORS.items()]
    assert [(name, shown.replace("\\|", "|")) for name, shown in rows] == made


def test_the_baselines_are_listed() -> None:
    table = PAGE[PAGE.index("## Baselines") :]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(BASELINES)


def space_and_shape(name: str) -> tuple[Any, Shape]:
    """A shipped space and the shape that the page examines it with."""
    path = Path(__file__).parents[2] / "conf" / "space" / f"{name}.yaml"
    content: Any = OmegaConf.to_container(OmegaConf.load(path))
    space = load_space(content["attribute"], {})
    needs = getattr(space, "needs", ANYTHING)
    return space, next(shape for shape in (TEXT, MASKED, IMAGE, CHECKPOINT) if needs.lack(shape) is None)


def options_of(name: str) -> dict[str, str]:
    """What a space offers, as the page writes it, by parameter."""
    offered: dict[str, str] = {}

    class Recorder(RandomSuggester):
        def choice(self, name: str, options: Sequence[Option]) -> Option:
            offered[name] = ", ".join(map(str, options))
            return super().choice(name, options)

    space, shape = space_and_shape(name)
    space.sample(Recorder(0), shape)
    if name == "everything":
        offered["families"] = offered["layer0.first.family"]
    return offered
