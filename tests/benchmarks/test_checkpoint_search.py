"""The comparison of samplers inside a checkpoint, on a decoder with random weights."""

from pathlib import Path

import checkpoint_search
import numpy as np
import pytest
from checkpoint_search import Moment, after, by, reference

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Window
from nas.search.samplers.ask_context import SpaceView
from tests.tiny_models import save_tiny_model, written_text

MOMENTS = [
    Moment("full", 1, 0.0, (1.0, -1.0, 1.0)),
    Moment("nll_layers_25", 2, 0.0, (9.0, 0.0, 0.2)),
    Moment("streaming", 3, 0.0, (2.0, -0.5, 0.5)),
    Moment(None, 4, 1.0, (1.5, -0.9, 0.4)),
    Moment(None, 4, 2.0, None),
    Moment(None, 5, 3.0, (1.2, -0.8, 0.3)),
]


def test_a_cell_has_the_mean_and_half_an_interval() -> None:
    assert checkpoint_search.cells(np.array([[1.0, 2.0], [3.0, 2.0]])) == ["2.000 ± 12.706", "2.000 ± 0.000"]


def test_the_reference_is_the_worst_of_the_baselines_that_all_spaces_have() -> None:
    assert reference(MOMENTS) == (2.0, -0.5, 1.0)


def test_a_duplicate_counts_as_a_sampled_pattern() -> None:
    assert [len(after(MOMENTS, number)) for number in range(4)] == [3, 4, 4, 5]


def test_time_is_that_of_the_survey_the_patterns_and_the_driver() -> None:
    assert len(by(MOMENTS, seconds=10 + 4 * 2 + 1, first=10, each=2)) == 4
    assert len(by(MOMENTS, seconds=10 + 5 * 2 + 2.9, first=10, each=2)) == 4
    assert len(by(MOMENTS, seconds=10 + 5 * 2 + 3, first=10, each=2)) == 5


@pytest.mark.slow
def test_every_space_has_rows_for_all_arms_by_patterns_and_by_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, text = save_tiny_model(tmp_path / "model"), written_text(tmp_path)
    small = ["task.num_tokens=64", "task.validation_sequences=2", "evaluation.needle_sequences=1"]
    said = [str(tmp_path / "table.jsonl"), str(model), f"task.path={text}", *small, "evaluation.survey_sequences=1"]
    checkpoint_search.main([*said, "--seeds", "2", "--trials", "4", "--spaces", "by_sensitivity,per_head"])
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith(("| `", "| less"))]
    arms = [name for name, *_ in rows if not name.startswith("less")]
    assert arms == [f"`{arm}`" for arm in checkpoint_search.ARMS] * 4  # two spaces, by patterns and by time
    shares = np.array([[float(cell.split(" ± ")[0]) for cell in cells] for name, *cells in rows if name in arms])
    assert (shares >= 0).all() and (shares <= 1).all()
    assert (np.diff(shares, axis=1) >= 0).all()


def test_the_prediction_puts_first_what_it_says_adds_most() -> None:
    """Three sizes of one parameter: the middle one adds most to the two ends, which are known."""
    view = SpaceView(
        sample=lambda suggest: one_window(int(suggest.choice("before", (1, 4, 8)))),
        costs=lambda pattern: (width(pattern) / 16,),
        over_budget=lambda pattern: False,
        identity=lambda pattern: pattern.id,
        features=lambda patterns: np.zeros((len(patterns), 0)),
        expected=lambda patterns: np.array([[loss(pattern), loss(pattern)] for pattern in patterns]),
        rungs=(1,),
    )
    order = checkpoint_search.predicted_order(view, [one_window(15), one_window(0)], 10, seed=0)
    assert [width(one.pattern) for one in order] == [8, 4, 1]


def one_window(before: int) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(1, (Window(before),)),)])


def width(pattern: ModelPattern) -> int:
    (window,) = pattern.layers[0].heads[0].attend
    assert isinstance(window, Window)
    return window.before


def loss(pattern: ModelPattern) -> float:
    """Falls fast: of the rectangles below it and below the cost of 15, that of 8 is the largest."""
    return float(np.exp(-width(pattern) / 4))
