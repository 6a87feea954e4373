import pickle

import numpy as np
import pytest

from nas.errors import InputError, PatternError
from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from nas.results.codec import from_document, to_document

PAIR = (HeadGroup(2, (Window(1),)), HeadGroup(1, (Full(),)))


def test_mask_stacks_heads_in_the_order_of_groups():
    mask = ModelPattern.of([PAIR]).mask(0, 4)
    full = np.tri(4, dtype=np.bool_)
    assert mask.dtype == np.bool_ and mask.shape == (3, 4, 4)
    assert (mask[:2] == full & ~np.tri(4, k=-2, dtype=np.bool_)).all()
    assert (mask[2] == full).all()


def test_a_model_knows_its_shape():
    model = ModelPattern.of([PAIR, PAIR], causal=False)
    assert (model.num_layers, model.num_heads, model.causal, model.grid) == (2, 3, False, None)


def test_a_model_carries_no_hash_to_another_process():
    """Texts hash in another way there."""
    model = ModelPattern.of([PAIR])
    before = pickle.dumps(model)
    assert hash(model) == hash(pickle.loads(before)) and pickle.loads(before) == model
    assert pickle.dumps(model) == before


def test_a_model_is_an_immutable_value():
    one, same = ModelPattern.of([PAIR]), ModelPattern((LayerPattern(PAIR),))
    others = [ModelPattern.of([PAIR[::-1]]), ModelPattern(one.layers, "none"), ModelPattern.of([PAIR] * 2)]
    assert one == same and hash(one) == hash(same) and len({one, same, *others}) == 4
    assert one != one.layers
    assert repr(one) == f"ModelPattern(layers={one.layers!r}, position='rope')"
    for name in ("layers", "position"):
        with pytest.raises(AttributeError):
            setattr(one, name, None)


def test_its_json_form_is_the_pattern_file():
    """A codec that knows dataclasses must not write it field by field."""
    model = ModelPattern.of([PAIR], memory_tokens=[3])
    assert to_document({"pattern": model}) == {"pattern": model.to_dict()}
    assert from_document(model.to_dict(), ModelPattern) == model


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ModelPattern.of([]), "layers: must hold at least one layer, got []."),
        (
            lambda: ModelPattern.of([PAIR, PAIR[:1]]),
            "layers[1].heads: must count 3 heads, as layers[0] does, got 2. Change the counts of its groups.",
        ),
        (lambda: ModelPattern.of([PAIR]).mask(1, 4), "layer: must be from 0 to 0, got 1."),
        (lambda: ModelPattern.of([PAIR]).mask(0, 0), "num_tokens: must be 1 or more, got 0."),
        (lambda: ModelPattern.of([PAIR], grid=(2, 3)).mask(0, 4), "grid: must hold 4 tokens, got [2, 3]."),
        (
            lambda: ModelPattern.of([PAIR, (HeadGroup(3, (Window(0), Global(0, 2))),)]),
            "layers[1].heads[0].attend[1].last: must be 0 in a causal pattern, got 2. "
            "Use first, or set causal to false.",
        ),
        (
            lambda: ModelPattern((LayerPattern(PAIR), LayerPattern(PAIR))),
            "layers[1]: must have index 1, causal True and grid None, got (0, True, None). "
            "Build the model with ModelPattern.of.",
        ),
    ],
)
def test_wrong_models_are_refused(make, message):
    with pytest.raises(PatternError) as caught:
        make()
    assert str(caught.value) == message


def test_errors_say_where_from_the_outside_in():
    inner = PatternError("before", "must be 0 or more", -4, "Count earlier tokens.")
    outer = inner.inside("attend[1]").inside("layers[3]")
    assert type(outer) is PatternError
    assert str(outer) == "layers[3].attend[1].before: must be 0 or more, got -4. Count earlier tokens."
    assert str(InputError("[2]", "must be even", 3).inside("list")) == "list[2]: must be even, got 3."
    assert str(InputError("", "must be even", 3).inside("list")) == "list: must be even, got 3."
    assert len(str(InputError("here", "must be short", "x" * 1_000))) < 130
