"""How many members of a cohort fit into the memory of a GPU, measured on their first step."""

from collections.abc import Sequence

import torch

from nas.proxy.member import Member
from nas.proxy.training.cohort_trainer import CohortTrainer

SHARE = 0.85
"""Of the free memory that a cohort may fill: what is measured on two members is no exact law."""


def members_that_fit(members: Sequence[Member], trainer: CohortTrainer) -> int:
    """How many of some members can be trained at once; all of them on a CPU, whose memory is the machine's.

    One step of one member and of two says what each further one takes; what it trains is thrown away.

    Args:
        members: with equal layouts.
        trainer: trains them.
    """
    device = torch.device(trainer.device)
    if device.type != "cuda" or len(members) < 3:
        return len(members)
    one, two = (peak_bytes(members[:count], trainer, device) for count in (1, 2))
    room = SHARE * free_bytes(device) - one
    return min(len(members), 1 + max(0, int(room / max(two - one, 1))))


def peak_bytes(members: Sequence[Member], trainer: CohortTrainer, device: torch.device) -> int:
    """The most memory that one training step of a cohort allocates, in bytes."""
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    trainer.train(trainer.initial(members), 1)
    return torch.cuda.max_memory_allocated(device) - before


def free_bytes(device: torch.device) -> int:
    """What a GPU has left, with what torch holds and does not use, in bytes."""
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
