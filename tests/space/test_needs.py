import pytest

from nas.errors import InputError
from nas.space.needs import ANYTHING, Needs
from nas.space.space import Shape

TEXT = Shape(num_layers=1, num_heads=1, num_tokens=16, causal=True, context=True)
RECALL = Shape(num_layers=1, num_heads=1, num_tokens=16, causal=True)
IMAGE = Shape(num_layers=1, num_heads=1, num_tokens=16, causal=False, grid=(4, 4))


@pytest.mark.parametrize(
    ("needs", "lacks"),
    [
        (ANYTHING, [None, None, None]),
        (Needs(grid=True), ["grid", "grid", None]),
        (Needs(causal=True), [None, None, "causal"]),
        (Needs(causal=False), ["bidirectional", "bidirectional", None]),
        (Needs(causal=True, context=True), [None, "context", "causal"]),
        (Needs(causal=True, sensitivity=True), ["sensitivity", "sensitivity", "causal"]),
    ],
)
def test_what_a_shape_lacks(needs: Needs, lacks: list[str | None]) -> None:
    assert [needs.lack(shape) for shape in (TEXT, RECALL, IMAGE)] == lacks


@pytest.mark.parametrize(
    ("needs", "shape", "message"),
    [
        (Needs(grid=True), TEXT, "space=x: needs a task with a grid, got 'one without'. Use task=image."),
        (
            Needs(causal=True),
            IMAGE,
            "space=x: needs a causal task, got 'a bidirectional one'. Use task=text, for example.",
        ),
        (
            Needs(causal=False),
            TEXT,
            "space=x: needs a bidirectional task, got 'a causal one'. "
            "Use task=text task.prediction=masked, or task=listops.",
        ),
        (
            Needs(context=True),
            RECALL,
            "space=x: needs a task that provides the previous segment, got 'one without'. "
            "Use task=text or task=tokens.",
        ),
    ],
)
def test_a_lack_is_told_with_its_remedy(needs: Needs, shape: Shape, message: str) -> None:
    with pytest.raises(InputError) as caught:
        needs.check("space=x", shape)
    assert str(caught.value) == message


def test_a_fitting_shape_passes() -> None:
    Needs(grid=True, causal=False).check("space=x", IMAGE)
