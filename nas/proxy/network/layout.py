"""The place of each weight of the proxy in a member's row.

A member of a cohort is one row of numbers: all its weights, one after the other. A cohort of K is a matrix of K rows.
Splitting, merging, clipping, and freezing a member are then operations on rows, and the optimiser
updates a whole cohort in a dozen tensor operations, however many layers there are.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from nas.errors import PatternError
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern
from nas.proxy.network.local_mixing import convolution_specs, shift_specs
from nas.proxy.network.parameter_spec import ParameterSpec, matrix, vector
from nas.proxy.network.positions import position_specs
from nas.proxy.network.projections import projection_specs
from nas.proxy.network.readout import head_spec, readout_specs
from nas.proxy.settings import ProxySettings
from nas.tasks.task import Task

EMBEDDING_DEVIATION = 0.3
"""Measured on text, 200 steps, learning rate 4e-3: 2.84 bits per byte, against 2.92 with 1.0 and 2.85 with 0.02."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The weights of a proxy; members with equal layouts may share a cohort.

    Args:
        common: weights that every proxy of these sizes has.
        extra: weights that the pattern or the task requires.
        position: how positions enter, as in `ModelPattern.position`.
    """

    common: tuple[ParameterSpec, ...]
    extra: tuple[ParameterSpec, ...]
    position: str

    @property
    def specs(self) -> tuple[ParameterSpec, ...]:
        """All weights in the order of a member's row: matrices, which decay, and then vectors."""
        return tuple(sorted(self.common + self.extra, key=lambda spec: len(spec.shape) == 1))

    @property
    def num_parameters(self) -> int:
        """Numbers in a row."""
        return sum(spec.size for spec in self.specs)

    @property
    def num_decaying(self) -> int:
        """Numbers at the start of a row that belong to matrices."""
        return sum(spec.size for spec in self.specs if len(spec.shape) > 1)

    def initial_row(self, seed: int) -> Tensor:
        """Fresh weights, float32, shape (num_parameters,).

        They depend on the seed alone: weights that proxies have in common start with the same values.
        """
        generator = torch.Generator().manual_seed(seed)
        drawn = {spec: spec.drawn(generator) for spec in self.common}
        drawn |= {spec: spec.drawn_by_name(seed) for spec in self.extra}
        return torch.cat([drawn[spec] for spec in self.specs])

    def unpack(self, rows: Tensor) -> dict[str, Tensor]:
        """The named weights in rows of shape (members, num_parameters): views of shape (members, *spec.shape)."""
        specs = self.specs
        pieces = rows.split_with_sizes([spec.size for spec in specs], dim=1)
        return {spec.name: piece.view(len(rows), *spec.shape) for spec, piece in zip(specs, pieces, strict=True)}


def layout_for(pattern: ModelPattern, proxy: ProxySettings, task: Task) -> Layout:
    """The weights that a pattern needs to be trained on a task.

    Args:
        pattern: layers and heads as the proxy has them; its position and its `low_rank` heads require weights.
        proxy: sizes of the model.
        task: its vocabulary, length and readout determine the rest.
    """
    extra = (
        *convolution_specs(proxy),
        *position_specs(pattern.position, proxy, task.num_tokens),
        *projection_specs(pattern, task.num_tokens),
        *readout_specs(task.readout, proxy, task.num_tokens),
    )
    head = head_spec(task.readout, proxy, task.vocab_size)
    return Layout((*_body(proxy, task.vocab_size), head), extra, pattern.position)


def check_fit(pattern: ModelPattern, task: Task, proxy: ProxySettings) -> None:
    """Refuse a pattern that does not fit a proxy of these sizes or this task.

    Raises:
        PatternError: other numbers of layers or heads, another causality or grid than the task's, or a memory
            longer than the previous segment, which not every task has.
    """
    if pattern.num_layers != proxy.num_layers:
        raise PatternError("layers", f"must count {proxy.num_layers} (proxy.num_layers)", pattern.num_layers)
    if pattern.num_heads != proxy.num_heads:
        raise PatternError("layers[0].heads", f"must count {proxy.num_heads} (proxy.num_heads)", pattern.num_heads)
    if pattern.causal != task.causal:
        raise PatternError("causal", f"must be {task.causal} for the task {task.name}", pattern.causal)
    if pattern.grid not in (None, task.grid):
        allowed = f"{list(task.grid)} or null" if task.grid else "null"
        raise PatternError("grid", f"must be {allowed} for the task {task.name}", list(pattern.grid))
    for layer in pattern.layers:
        if layer.memory_tokens:
            _check_memory(layer, task)


def _check_memory(layer: LayerPattern, task: Task) -> None:
    if task.train_batch(0, 1, 0).context is None:
        allowed = f"must be 0 for the task {task.name}, which has no segment before a sequence"
    elif layer.memory_tokens > task.num_tokens:
        allowed = f"must be at most {task.num_tokens}, the tokens of a segment of the task {task.name}"
    else:
        return
    raise PatternError(f"layers[{layer.index}].memory_tokens", allowed, layer.memory_tokens)


def _body(proxy: ProxySettings, vocab_size: int) -> list[ParameterSpec]:
    """All weights but the head."""
    width, mlp_width = proxy.d_model, proxy.mlp_ratio * proxy.d_model
    # What a layer adds to the residual stream starts smaller the more layers add to it (GPT-2).
    added = 1 / math.sqrt(2 * proxy.num_layers)
    specs = [matrix("embedding", vocab_size, width, EMBEDDING_DEVIATION), *shift_specs(proxy)]
    for layer in range(proxy.num_layers):
        specs += [
            vector(f"{layer}.attention_norm", width, 0.0, mean=1.0),
            matrix(f"{layer}.query_key_value", width, 3 * width, 1 / math.sqrt(width)),
            matrix(f"{layer}.attention_out", width, width, added / math.sqrt(width)),
            vector(f"{layer}.mlp_norm", width, 0.0, mean=1.0),
            matrix(f"{layer}.mlp_in", width, mlp_width, 1 / math.sqrt(width)),
            matrix(f"{layer}.mlp_out", mlp_width, width, added / math.sqrt(mlp_width)),
        ]
    return [*specs, vector("norm", width, 0.0, mean=1.0)]
