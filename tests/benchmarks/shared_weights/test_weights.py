from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from nas.errors import InputError, PatternError
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.network.layout import layout_for
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.data import as_tensors
from nas.proxy.training.metrics import validate
from nas.tasks.language.text import TextTask
from tests.families import FULL, two_layers
from tests.plain_transformer import plain_transformer
from tests.tiny_supernet import ENDS, NARROW, POOL, PROXY, TRAINING, WIDE, initial, shared, trained

TUNING = replace(TRAINING, num_steps=16, learning_rate=3e-3, warmup_steps=2)


def state_of(row: Tensor, pattern: ModelPattern) -> CohortState:
    """A state that knows nothing but weights."""
    member = Member(pattern=pattern, seed=0, learning_rate=0.0)
    nothing = torch.zeros_like(row)
    return CohortState((member,), 0, row, nothing, nothing, torch.ones(1, dtype=torch.bool), (0.0,))


@pytest.mark.parametrize("cohort_size", [1, 3])
def test_a_score_is_the_validation_of_the_pattern_with_the_weights(text: TextTask, cohort_size: int) -> None:
    row = trained(text, ENDS, 8)
    layout = layout_for(WIDE, PROXY, text)
    weights = {name: weight[0] for name, weight in layout.unpack(row).items()}
    tokens, targets, _ = as_tensors(next(text.validation_batches(16)))
    for pattern, score in zip(POOL, shared(text, row, cohort_size).score(POOL), strict=True):
        assert score == pytest.approx(validate(state_of(row, pattern), text, PROXY, device="cpu")[0], rel=1e-5)
        plain = torch.cat([plain_transformer(weights, pattern, sequence) for sequence in tokens])
        assert score == pytest.approx(text.quality(float(functional.cross_entropy(plain, targets.flatten())), 0))


def test_fine_tuning_starts_from_the_shared_weights(text: TextTask) -> None:
    weights, some = shared(text, trained(text, ENDS, 30)), (NARROW, WIDE)
    scores = weights.score(some)
    still = weights.fine_tune(some, replace(TRAINING, num_steps=1, learning_rate=1e-30), data_seed=9)
    assert still == pytest.approx(scores, rel=1e-6)
    moved = weights.fine_tune(some, TUNING, data_seed=9)
    assert all(quality is not None and quality < score for quality, score in zip(moved, scores, strict=True))
    assert moved == weights.fine_tune(some, TUNING, data_seed=9)
    assert weights.score(some) == scores


def test_who_diverges_while_fine_tuned_has_no_quality(text: TextTask) -> None:
    wild = replace(TRAINING, num_steps=4, learning_rate=1e30, warmup_steps=0)
    assert shared(text, initial(text), cohort_size=2).fine_tune([WIDE, NARROW], wild, data_seed=0) == (None, None)


def test_patterns_that_cannot_share_are_told(text: TextTask) -> None:
    learned = two_layers(FULL, position="learned")
    with pytest.raises(InputError, match="patterns: must all have the same weights, got '2 layouts'"):
        trained(text, replace(ENDS, pool=(*POOL, learned)), 1)
    with pytest.raises(PatternError, match="causal: must be True"):
        shared(text, initial(text)).score([two_layers(FULL, causal=False)])
