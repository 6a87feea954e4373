"""The anchors of one table: how the proxies of one regime score them."""

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

from claims.noise import Noise
from nas.costs.counting import cost_for
from nas.errors import InputError
from nas.ground_truth.file import Table, read_table
from nas.ground_truth.qualities import Qualities
from nas.patterns.model import ModelPattern
from nas.proxy.settings import ProxySettings
from nas.search_spaces.anchors import anchors_for
from nas.space.space import Shape


@dataclass(frozen=True, eq=False)
class Regime:
    """A table at its last rung.

    Args:
        name: of its file.
        table: complete or unfinished; of any space, as anchors are found by their ids.
        like: a table whose noise stands for that of this one if it has a single seed; None for no such table.
    """

    name: str
    table: Table
    like: Table | None = None

    @classmethod
    def read(cls, path: Path, like: Table | None = None) -> "Regime":
        """The regime of a table's file.

        Args:
            path: of the file.
            like: see `Regime`.

        Raises:
            InputError: it is not a table, or not one of causal patterns.
        """
        table = read_table(path)
        if not all(entry.pattern.causal for entry in table.plan.entries):
            raise InputError(str(path), "must be a table of causal patterns", "bidirectional ones")
        return cls(path.stem, table, like)

    @property
    def title(self) -> str:
        """What was trained, for how long, and which settings are not the defaults."""
        proxy, default = self.table.proxy, ProxySettings()
        changed = [
            f"`proxy.{one.name}={getattr(proxy, one.name)}`"
            for one in fields(proxy)
            if getattr(proxy, one.name) != getattr(default, one.name) and one.name != "num_layers"
        ]
        length = f"{self.rung:,} steps, seeds {', '.join(map(str, self.table.plan.seeds))}"
        facts = [f"{self.num_tokens} tokens, {proxy.num_layers} layers", *changed, length]
        return f"{self.name}: {self.task['name']}, {', '.join(facts)}"

    @property
    def task(self) -> dict[str, Any]:
        """The settings of its task."""
        settings: dict[str, Any] = self.table.header.settings["task"]
        return settings

    @property
    def num_tokens(self) -> int:
        """Sequence length n, in tokens."""
        return self.table.task.num_tokens

    @property
    def rung(self) -> int:
        """The last rung, in optimiser steps."""
        return self.table.plan.rungs[-1]

    @cached_property
    def sign(self) -> int:
        """What a quality is multiplied by so that more is better."""
        return -1 if self.table.task.direction == "minimize" else 1

    @cached_property
    def anchors(self) -> dict[str, ModelPattern]:
        """The anchors that its shape has, in the table or not."""
        proxy = self.table.proxy
        shape = Shape(num_layers=proxy.num_layers, num_heads=proxy.num_heads, num_tokens=self.num_tokens, causal=True)
        anchors: dict[str, ModelPattern] = anchors_for(shape)
        return anchors

    @cached_property
    def runs(self) -> dict[str, dict[int, float]]:
        """Quality by anchor and seed; anchors without a finished run are left out."""
        by_seed = Qualities(self.table).by_seed(self.rung)
        found = {name: by_seed.get(pattern.id, {}) for name, pattern in self.anchors.items()}
        return {name: own for name, own in found.items() if own}

    @cached_property
    def means(self) -> dict[str, float]:
        """Quality by anchor, mean over its seeds."""
        return {name: fmean(own.values()) for name, own in self.runs.items()}

    @cached_property
    def noise(self) -> Noise | None:
        """Pooled over all patterns of the table, or of the other one; None if neither has two seeds of one."""
        own = _noise(self.table, self.rung)
        if own is None and self.like is not None and self.has_noise_of_another:
            rungs = self.like.plan.rungs
            return _noise(self.like, self.rung if self.rung in rungs else rungs[-1])
        return own

    @property
    def has_noise_of_another(self) -> bool:
        """Whether its own seeds are too few, and another table says how noisy runs are."""
        if self.like is None or len(self.table.plan.seeds) > 1:
            return False
        return self.like.task.unit == self.table.task.unit

    def pairs(self, name: str) -> int:
        """Pairs of query and key that an anchor sees in all layers and heads."""
        return cost_for(self.anchors[name], self.num_tokens).pairs


def _noise(table: Table, rung: int) -> Noise | None:
    return Noise.of(list(own.values()) for own in Qualities(table).by_seed(rung).values())
