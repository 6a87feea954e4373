"""One training step of every kind and every position, in bfloat16, beside a CPU's in float32.

Rounding alone makes a difference: the last columns show how much, by the same step in bfloat16 on the CPU.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import (
    Block,
    Columns,
    Full,
    Global,
    LowRank,
    Neighborhood,
    Primitive,
    Random,
    Select,
    Stride,
    Stripe,
    Tile,
    Window,
)
from nas.proxy.member import Member
from nas.proxy.network.layout import layout_for
from nas.proxy.network.model import CohortTransformer
from nas.proxy.settings import ProxySettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.data import as_tensors
from nas.proxy.training.metrics import loss_sums, num_scored
from nas.tasks.catalog import make_task
from nas.tasks.language.text import TextSettings
from nas.tasks.task import Task
from nas.tasks.vision.image import ImageSettings

from .place import Parts, head, parse, row

Union = tuple[Primitive, ...]

CAUSAL: dict[str, Union] = {
    "window, global": (Window(31), Global(2)),
    "dilated window": (Window(9, 0, 3),),
    "stride, window": (Window(7), Stride(16)),
    "block, columns": (Block(32), Columns(32, 4)),
    "random, window": (Window(7), Random(16, 2)),
    "full": (Full(),),
    "select": (Select(16, 2),),
}
BIDIRECTIONAL: dict[str, Union] = {"window": (Window(8, 8),), "low_rank": (LowRank(16),)}
ON_A_GRID: dict[str, Union] = {
    "neighborhood": (Neighborhood(5, 5),),
    "stripe": (Stripe("row", 2),),
    "tile, global": (Tile(8, 8, 4, 4), Global(1)),
}
POSITIONS = ("rope", "learned", "relative", "alibi", "none")


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Patterns that share their weights' layout, and so one step.

    Args:
        name: in the table.
        task: what they learn.
        patterns: by name.
    """

    name: str
    task: Task
    patterns: dict[str, ModelPattern]


@dataclass(frozen=True, slots=True)
class Gradients:
    """Mean losses, shape (members,), and their gradients, shape (members, parameters); float64 on a CPU."""

    losses: Tensor
    rows: Tensor

    def differences(self, other: "Gradients") -> list[tuple[float, float]]:
        """For each member, how far its loss and its gradient are from the other's, as shares of the other's."""
        losses = (self.losses - other.losses).abs() / other.losses
        rows = (self.rows - other.rows).norm(dim=1) / other.rows.norm(dim=1)
        return list(zip(losses.tolist(), rows.tolist(), strict=True))


def main(words: Sequence[str] | None = None) -> None:
    place = parse(__doc__, words)
    cpu, proxy = torch.device("cpu"), ProxySettings(num_layers=2, num_heads=4, d_model=16 if place.small else 128)
    head("position", "pattern", "loss", "loss differs", "gradient differs", "loss, rounding", "gradient, rounding")
    parts = Parts()
    for cohort in cohorts(place.small):
        with parts.part(cohort.name, ", ".join(cohort.patterns)):
            exact = gradients(cohort, proxy, cpu, torch.float32)
            ours = gradients(cohort, proxy, place.device, torch.bfloat16).differences(exact)
            rounded = gradients(cohort, proxy, cpu, torch.bfloat16).differences(exact)
            for name, loss, here, there in zip(cohort.patterns, exact.losses.tolist(), ours, rounded, strict=True):
                row(cohort.name, name, f"{loss:.3f}", *(f"{share:.1e}" for share in (*here, *there)))
    parts.end()


def cohorts(small: bool) -> Iterator[Cohort]:
    """Every kind with rotary positions and every position, with a memory, from both sides, and on a grid."""
    num_tokens = 32 if small else 512
    text = TextSettings(num_tokens=num_tokens, validation_sequences=2)
    sequence = make_task(text)

    def of(unions: dict[str, Union], build: Callable[[Union], ModelPattern]) -> dict[str, ModelPattern]:
        return {name: build(union) for name, union in unions.items()}

    for position in POSITIONS:
        patterns = of(CAUSAL, lambda union, at=position: two_layers(union, position=at))  # type: ignore[misc]
        yield Cohort(name=position, task=sequence, patterns=patterns)
    yield Cohort(
        name="rope, memory",
        task=sequence,
        patterns=of(CAUSAL, lambda union: two_layers(union, memory=num_tokens // 4)),
    )
    masked = make_task(TextSettings(num_tokens=num_tokens, validation_sequences=2, prediction="masked"))
    for name, union in BIDIRECTIONAL.items():  # their weights differ
        yield Cohort(name="rope, both sides", task=masked, patterns={name: two_layers(union, causal=False)})
    picture = make_task(ImageSettings(source="shapes", side=16 if small else 32, validation_sequences=2))
    patterns = of(ON_A_GRID, lambda union: two_layers(union, causal=False, grid=picture.grid))
    yield Cohort(name="rope, grid", task=picture, patterns=patterns)


def two_layers(
    union: Union,
    *,
    position: str = "rope",
    memory: int = 0,
    causal: bool = True,
    grid: tuple[int, int] | None = None,
) -> ModelPattern:
    """Two layers of four equal heads."""
    layers = [(HeadGroup(4, union),)] * 2
    return ModelPattern.of(layers, position=position, memory_tokens=[memory] * 2, causal=causal, grid=grid)


def gradients(cohort: Cohort, proxy: ProxySettings, device: torch.device, dtype: torch.dtype) -> Gradients:
    """Forward and backward of the first training batch, from the same weights everywhere."""
    patterns = list(cohort.patterns.values())
    members = [Member(pattern=pattern, seed=0, learning_rate=1e-3) for pattern in patterns]
    weights = CohortState.initial(members, layout_for(patterns[0], proxy, cohort.task)).weights
    model = CohortTransformer(weights, patterns, proxy, cohort.task).to(device)
    tokens, targets, context = as_tensors(cohort.task.train_batch(0, 2, 0), device)
    with torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
        losses = loss_sums(model(tokens, context), targets) / num_scored(targets)
    losses.sum().backward()  # type: ignore[no-untyped-call]
    assert model.rows.grad is not None
    return Gradients(losses.detach().double().cpu(), model.rows.grad.double().cpu())


if __name__ == "__main__":
    main()
