"""The anchors of a table, found by what they attend to."""

from pathlib import Path

import pytest
from claims.regime import Regime

from nas.errors import InputError
from nas.ground_truth.file import read_table
from nas.search.settings import SpaceSettings
from nas.search_spaces.anchors import ANCHORS as KNOWN
from nas.tasks.synthetic.listops import ListopsSettings
from tests.anchor_table import ANCHORS, RECALL, SCATTER, scored, text_table, write_anchors
from tests.tiny_table import pretend_table

LADDER = Path(__file__).parents[3] / "tables" / "ladder"
BIDIRECTIONAL = {
    "space": SpaceSettings(attribute="search_spaces.uniform:Uniform", options={"second_kind": ["full"]}),
    "task": ListopsSettings(num_tokens=16, max_depth=2, validation_sequences=16),
}


def test_anchors_have_the_qualities_of_their_patterns() -> None:
    regime = Regime("made up", scored(text_table(), {"full": 1.5, "growing_to_full": 1.4}, usual=2.0))
    assert regime.means.keys() == ANCHORS.keys() < KNOWN.keys()
    assert regime.means["full"] == pytest.approx(1.5)
    assert regime.means["growing_to_full"] == regime.means["local_global_1_to_1"] == pytest.approx(1.4)
    assert regime.runs["full"] == pytest.approx({0: 1.5 - SCATTER, 1: 1.5 + SCATTER})
    assert regime.noise is not None and regime.noise.num_degrees == len({one.id for one in ANCHORS.values()})
    assert regime.noise.deviation == pytest.approx(2**0.5 * SCATTER)


def test_a_table_of_another_space_may_hold_some() -> None:
    regime = Regime.read(LADDER / "S-plain.jsonl")
    assert {"full", "narrow_windows", "shrinking_from_full"} < regime.means.keys() < regime.anchors.keys()
    assert regime.noise is None, "it has one seed"
    assert regime.pairs("full") == 2 * 4 * 128 * 129 // 2


def test_a_table_of_one_seed_takes_the_noise_of_another() -> None:
    shipped = read_table(LADDER.parent / "tabular-text.jsonl")
    known = Regime("shipped", shipped).noise
    for name, rung in (("S-plain", 3840), ("S-shift", 1920)):
        regime = Regime.read(LADDER / f"{name}.jsonl", shipped)
        assert regime.rung == rung and regime.has_noise_of_another
        assert regime.noise is not None and regime.noise.num_degrees == 147
        assert (regime.noise == known) == (rung == shipped.plan.rungs[-1])
    larger = Regime.read(LADDER / "M-plain.jsonl", shipped)
    assert larger.rung not in shipped.plan.rungs and larger.noise == known, "its longest runs stand for longer ones"
    own = Regime("shipped", shipped, text_table())
    assert own.noise == known and not own.has_noise_of_another


def test_the_title_says_what_is_not_the_default(tmp_path: Path) -> None:
    path = write_anchors(tmp_path / "mine.jsonl", task=RECALL, seeds=1, convolution_tokens=4)
    expected = "mine: recall, 64 tokens, 2 layers, `proxy.d_model=16`, `proxy.convolution_tokens=4`, 8 steps, seeds 0"
    assert Regime.read(path).title == expected
    assert Regime.read(path).sign == 1 and Regime("made up", text_table()).sign == -1


def test_a_bidirectional_table_is_refused(tmp_path: Path) -> None:
    pretend_table(tmp_path / "lists.jsonl", seeds=1, **BIDIRECTIONAL)
    with pytest.raises(InputError, match=r"lists.jsonl: must be a table of causal patterns, got 'bidirectional ones'"):
        Regime.read(tmp_path / "lists.jsonl")
