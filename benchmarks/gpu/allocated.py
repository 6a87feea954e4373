"""Activations of a training step as `nas cost` predicts them, beside what the allocator holds after the forward pass.

The prediction is of float32 on a CPU, with dense or pieces; a GPU computes in bfloat16, with FlexAttention. On a CPU
nothing is counted here: tests do that.
"""

from collections.abc import Sequence
from itertools import islice

import torch

from nas.costs.counting import cost_for
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.network.layout import layout_for
from nas.proxy.network.model import CohortTransformer
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.data import as_tensors
from nas.proxy.training.metrics import loss_sums

from .place import Place, head, mib, parse, row
from .workload import LONG, QUICK, TINY, Workload


def main(words: Sequence[str] | None = None) -> None:
    place = parse(__doc__, words)
    head("preset", "pattern", "predicted MiB", "held MiB", "held / predicted")
    for workload in (TINY,) if place.small else (QUICK, LONG):
        target = workload.proxy.target(workload.text.num_tokens, workload.task().vocab_size)
        for number, pattern in enumerate(islice(workload.patterns(), 4)):
            batch_size = workload.training.batch_size
            predicted = batch_size * cost_for(pattern, workload.text.num_tokens, target).activation_bytes
            held = held_bytes(workload, pattern, place)
            ratio = "-" if held is None else f"{held / predicted:.2f}"
            row(workload.name, "full" if number == 0 else f"random {number}", mib(predicted), mib(held), ratio)


def held_bytes(workload: Workload, pattern: ModelPattern, place: Place) -> int | None:
    """What is allocated between forward and backward beyond weights and inputs; None on a CPU."""
    task = workload.task()
    member = Member(pattern=pattern, seed=0, learning_rate=1e-3)
    weights = CohortState.initial([member], layout_for(pattern, workload.proxy, task)).weights
    model = CohortTransformer(weights, [pattern], workload.proxy, task).to(place.device)
    tokens, targets, context = as_tensors(task.train_batch(0, workload.training.batch_size, 0), place.device)

    def loss() -> torch.Tensor:
        with torch.autocast(place.device.type, torch.bfloat16):
            return loss_sums(model(tokens, context), targets).sum()

    loss().backward()  # type: ignore[no-untyped-call]  # masks are made and kept here
    if not place.on_gpu:
        return None
    model.zero_grad()
    before = torch.cuda.memory_allocated(place.device)
    kept = loss()
    return torch.cuda.memory_allocated(place.device) - before - kept.nbytes


if __name__ == "__main__":
    main()
