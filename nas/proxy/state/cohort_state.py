"""The state of a cohort between two steps, in memory and on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nas.patterns.file import parse_pattern
from nas.proxy.member import Member
from nas.proxy.network.layout import Layout
from nas.proxy.state.tensor_file import read_tensors, write_tensors

SCHEMA = "nas.cohort/1"
_ROWS = ("weights", "first_moments", "second_moments", "alive")


@dataclass(frozen=True, slots=True, eq=False)
class CohortState:
    """Everything that training needs to resume: a value, whose tensors are on the CPU and never changed.

    Args:
        members: what is trained.
        step: optimiser steps done.
        weights: float32, one row a member, shape (members, num_parameters).
        first_moments: AdamW's mean of gradients, same shape.
        second_moments: AdamW's mean of squared gradients, same shape.
        alive: False for a member that diverged, bool, shape (members,).
        wall_seconds: time spent on each member so far, in seconds.
    """

    members: tuple[Member, ...]
    step: int
    weights: Tensor
    first_moments: Tensor
    second_moments: Tensor
    alive: Tensor
    wall_seconds: tuple[float, ...]

    def any_alive(self) -> bool:
        """Whether there is a member left to train."""
        return bool(self.alive.any())

    @classmethod
    def initial(cls, members: Sequence[Member], layout: Layout) -> "CohortState":
        """The state before the first step; a member starts with the same weights in every cohort."""
        return cls.from_weights(members, torch.stack([layout.initial_row(member.seed) for member in members]))

    @classmethod
    def from_weights(cls, members: Sequence[Member], weights: Tensor) -> "CohortState":
        """The state before the first step with the given weights, shape (members, num_parameters)."""
        return cls(
            members=tuple(members),
            step=0,
            weights=weights,
            first_moments=torch.zeros_like(weights),
            second_moments=torch.zeros_like(weights),
            alive=torch.ones(len(members), dtype=torch.bool),
            wall_seconds=(0.0,) * len(members),
        )

    @classmethod
    def merge(cls, states: "Sequence[CohortState]") -> "CohortState":
        """One cohort of all members, in order; all must have done the same number of steps."""
        assert len({state.step for state in states}) == 1
        return cls(
            members=sum((state.members for state in states), ()),
            step=states[0].step,
            wall_seconds=sum((state.wall_seconds for state in states), ()),
            **{name: torch.cat([getattr(state, name) for state in states]) for name in _ROWS},
        )

    def split(self) -> "list[CohortState]":
        """Every member as a cohort of one, owning its memory."""
        return [
            CohortState(
                members=(member,),
                step=self.step,
                wall_seconds=(self.wall_seconds[index],),
                **{name: getattr(self, name)[index : index + 1].clone() for name in _ROWS},
            )
            for index, member in enumerate(self.members)
        ]

    def save(self, path: Path) -> None:
        """Write the state, completely or not at all, even if the process or the machine stops.

        Raises:
            InputError: the disk is full, or the system refuses.
        """
        document = {
            "schema": SCHEMA,
            "step": self.step,
            "members": [
                {"pattern": one.pattern.to_dict(), "seed": one.seed, "learning_rate": one.learning_rate}
                for one in self.members
            ],
            "wall_seconds": list(self.wall_seconds),
            **{name: getattr(self, name) for name in _ROWS},
        }
        write_tensors(document, path)

    @classmethod
    def load(cls, path: Path) -> "CohortState":
        """A saved state.

        Raises:
            InputError: the file is missing, damaged, or not a cohort state.
        """
        document = read_tensors(path, SCHEMA)
        return cls(
            members=tuple(
                Member(pattern=parse_pattern(one["pattern"]), seed=one["seed"], learning_rate=one["learning_rate"])
                for one in document["members"]
            ),
            step=document["step"],
            wall_seconds=tuple(document["wall_seconds"]),
            **{name: document[name] for name in _ROWS},
        )
