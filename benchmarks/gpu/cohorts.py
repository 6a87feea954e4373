"""Steps and trials an hour of cohorts, beside one Lightning fit at a time, which is the cohort of 1.

`quality alone` and `in the cohort` are of the first member, trained by itself and with its neighbours: they should
differ by rounding alone. `waits` are operations in a step that wait for the device, as torch warns of them.
"""

import time
import warnings
from collections.abc import Sequence
from dataclasses import replace

import torch

from nas.proxy.member import Member
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.data import as_tensors
from nas.proxy.training.lightning_module import ProxyModule
from nas.proxy.training.metrics import validate

from .place import Parts, Place, head, mib, parse, row
from .workload import LONG, QUICK, TINY, Workload


def main(words: Sequence[str] | None = None) -> None:
    place = parse(__doc__, words)
    head(
        "preset",
        "members",
        "steps/s",
        "trials an hour",
        "beside one at a time",
        "waits a step",
        "peak MiB",
        "quality alone",
        "in the cohort",
    )
    if place.small:
        measure(TINY, (1, 2), 4, place)
        return
    parts = Parts()
    for workload, sizes, num_steps in ((QUICK, (1, 4, 16, 64), 160), (LONG, (1, 16), 48)):
        with parts.part(workload.name):
            measure(workload, sizes, num_steps, place)
    parts.end()


def measure(workload: Workload, sizes: Sequence[int], num_steps: int, place: Place) -> None:
    """A row for each number of members."""
    held_out = replace(workload.text, validation_sequences=min(64, workload.text.validation_sequences))
    workload = replace(workload, text=held_out)
    trainer, rates, alone = workload.trainer(str(place.device)), list[float](), float("nan")
    for count in sizes:
        members = workload.members(count)
        state, seconds, peak = timed(trainer, members, num_steps, place)
        quality = validate(state.split()[0], trainer.task, trainer.proxy, device=trainer.device)[0]
        alone = quality if count == 1 else alone
        rates.append(3600 * count * num_steps / seconds / workload.training.num_steps)
        row(
            workload.name,
            str(count),
            f"{num_steps / seconds:.1f}",
            f"{rates[-1]:.0f}",
            f"{rates[-1] / rates[0]:.1f} times",
            waits(trainer, members, place),
            mib(peak),
            f"{alone:.4f}",
            f"{quality:.4f}",
        )


def timed(
    trainer: CohortTrainer, members: Sequence[Member], num_steps: int, place: Place
) -> tuple[CohortState, float, int | None]:
    """The state after a fit of some steps, its wall time in seconds, and its peak memory; warm."""
    trainer.train(trainer.initial(members), 2)
    place.synchronize()
    begun, ended = trainer.initial(members), list[CohortState]()
    start = time.perf_counter()
    peak = place.peak_bytes(lambda: ended.append(trainer.train(begun, num_steps)))
    place.synchronize()
    return ended[0], time.perf_counter() - start, peak


def waits(trainer: CohortTrainer, members: Sequence[Member], place: Place) -> str:
    """Operations of a step that wait for the device; a dash on a CPU."""
    if not place.on_gpu:
        return "-"
    state, training = trainer.initial(members), trainer.training
    module = ProxyModule(state, trainer.task, trainer.proxy, training, trainer.backend, None, lambda: None)
    module.to(place.device)
    optimizer = module.configure_optimizers()
    module.on_train_epoch_start()
    batch = as_tensors(trainer.task.train_batch(0, training.batch_size, 0), place.device)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cuda", torch.bfloat16):
            loss = module.loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    step()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            step()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return str(sum("synchroniz" in str(one.message) for one in caught))


if __name__ == "__main__":
    main()
