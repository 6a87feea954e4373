"""The settings of an evaluation: training small models from scratch, or plugging patterns into a pretrained one."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from nas.errors import InputError, unknown
from nas.proxy.settings import TrainingSettings
from nas.proxy.training.schedule import rung_steps
from nas.ranges import check_num_tokens, check_range
from nas.results.front import FromScratch, InCheckpoint
from nas.results.phase import PatternPhase

Weights = Literal["frozen", "lora"]


@dataclass(kw_only=True, slots=True)
class ScratchSettings:
    """Every pattern gets a proxy of its own, trained from its initial weights.

    Args:
        name: `scratch`.
    """

    name: str = "scratch"

    @property
    def phase(self) -> PatternPhase:
        """Where patterns are used: what is trained with a pattern reads and answers with it."""
        return "both"

    @property
    def trains(self) -> bool:
        """Whether anything is trained; if not, neither seeds nor steps make a difference."""
        return True

    def rungs(self, training: TrainingSettings) -> tuple[int, ...]:
        """Where scores are taken, in optimiser steps, ascending."""
        return rung_steps(training)

    def provenance(self) -> FromScratch:
        """How the patterns of a front were evaluated, as front.json records it."""
        return FromScratch()


@dataclass(kw_only=True, slots=True)
class CheckpointSettings:
    """Every pattern is plugged into the same pretrained decoder.

    Args:
        name: `checkpoint`.
        weights: `frozen`, scored as they are; `lora`, after a short training of low-rank adapters under the pattern.
        lora_rank: rank of the adapters.
        needle_depths: where retrieval probes put their needles, from 0 (start of the text) to 1 (right before the
            question); [] for no probes.
        needle_sequences: sequences per depth.
        survey_sequences: sequences in which every layer and every KV head is given a narrow mask alone, before the
            first trial, to learn how sensitive each is; 0 for no survey.
        cost_tokens: sequence length that costs are counted for, in tokens; null for task.num_tokens.
        phase: where patterns are used: `both`; `prefill`, while the prompt is read, and full attention after it;
            `decode`, the other way round.

    Raises:
        InputError: an unknown word, or a number out of range.
    """

    name: str = "checkpoint"
    weights: Weights = "frozen"
    lora_rank: int = 8
    needle_depths: list[float] = field(default_factory=lambda: [0.1, 0.5, 0.9])
    needle_sequences: int = 32
    survey_sequences: int = 1
    cost_tokens: int | None = None
    phase: PatternPhase = "both"

    def __post_init__(self) -> None:
        if self.weights not in get_args(Weights):
            raise unknown("evaluation.weights", str(self.weights), get_args(Weights), "way")
        if self.phase not in get_args(PatternPhase):
            raise unknown("evaluation.phase", str(self.phase), get_args(PatternPhase), "phase")
        if self.trains and self.phase != "both":
            allowed = "must be both with evaluation.weights=lora, as adapters are trained under the whole pattern"
            raise InputError("evaluation.phase", allowed, self.phase, "Set evaluation.weights=frozen.")
        for name in ("lora_rank", "needle_sequences"):
            check_range(f"evaluation.{name}", getattr(self, name), least=1)
        check_range("evaluation.survey_sequences", self.survey_sequences, least=0)
        check_num_tokens(1 if self.cost_tokens is None else self.cost_tokens, "evaluation.cost_tokens")
        depths = self.needle_depths
        if not all(0 <= depth <= 1 for depth in depths) or len({round(100 * depth) for depth in depths}) < len(depths):
            allowed = "must be numbers from 0 to 1, a hundredth or more apart"
            raise InputError("evaluation.needle_depths", allowed, depths)

    @property
    def trains(self) -> bool:
        """Whether anything is trained; if not, neither seeds nor steps make a difference."""
        return self.weights != "frozen"

    def rungs(self, training: TrainingSettings) -> tuple[int, ...]:
        """Where scores are taken, in optimiser steps, ascending; 1 for frozen weights, which are scored in one go."""
        return rung_steps(training) if self.trains else (1,)

    def provenance(self) -> InCheckpoint:
        """How the patterns of a front were evaluated, as front.json records it."""
        return InCheckpoint(
            weights=self.weights,
            lora_rank=self.lora_rank,
            needle_depths=tuple(self.needle_depths),
            needle_sequences=self.needle_sequences,
            cost_tokens=self.cost_tokens,
            phase=self.phase,
        )


EvaluationSettings = ScratchSettings | CheckpointSettings
