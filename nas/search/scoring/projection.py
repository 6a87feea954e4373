"""Projections of qualities: what longer training would make of them.

How far training has come ranks patterns more than the size of a model does: short runs favour what learns fast, and
what is still falling fast will be ahead later (docs/transfer.md). A power law through a run's last two rungs tells the
two apart without more training. It is for the loss of language models, which falls as one; an accuracy does not.
"""

from collections.abc import Mapping, Sequence

from nas.evaluation.settings import EvaluationSettings, ScratchSettings
from nas.proxy.settings import TrainingSettings
from nas.tasks.catalog import TaskSettings
from nas.tasks.language.text import TextSettings
from nas.tasks.language.tokens import TokensSettings
from nas.tasks.task import Task

EXPONENT = 0.5
"""Of the steps, in the power law by which a loss falls to where it ends.

The mean losses of the ladder's tables fall from doubling to doubling as with 0.2 to 0.4 at the small size and 0.4 to
0.6 one size up; rankings hardly depend on it (docs/transfer.md).
"""

Point = tuple[int, float]
"""Optimiser steps, and the loss there."""


def projected(first: Point, second: Point, steps: int) -> float:
    """The loss after so many steps, if it falls on as `end + a * steps ** -EXPONENT`.

    Args:
        first: one length of a run, and its loss.
        second: a longer one.
        steps: a length; what is not beyond the second point is the second point's loss.
    """
    (shorter, before), (longer, after) = first, second
    if steps <= longer:
        return after
    reach: float = (1 - (steps / longer) ** -EXPONENT) / ((longer / shorter) ** EXPONENT - 1)
    return after - reach * (before - after)


def horizons(
    tasks: Mapping[str, Task],
    settings: Sequence[TaskSettings],
    evaluation: EvaluationSettings,
    training: TrainingSettings,
    num_parameters: int,
    tokens_per_parameter: float,
) -> dict[str, int]:
    """Where the qualities of tasks are projected to, in optimiser steps, by label.

    Args:
        tasks: of a study, by label.
        settings: of the same tasks.
        evaluation: of patterns; only what trains from scratch has a stage to be ahead of.
        training: of a proxy; needs two rungs or more.
        num_parameters: of a proxy.
        tokens_per_parameter: how long; 0 for no projection.

    Returns:
        only tasks of text that a proxy is trained on for less than that.
    """
    if not isinstance(evaluation, ScratchSettings) or training.num_rungs < 2:
        return {}
    steps = {
        label: round(tokens_per_parameter * num_parameters / (training.batch_size * task.num_tokens))
        for (label, task), own in zip(tasks.items(), settings, strict=True)
        if isinstance(own, TextSettings | TokensSettings)
    }
    return {label: own for label, own in steps.items() if own > training.num_steps}
