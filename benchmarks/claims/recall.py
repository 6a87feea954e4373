"""Recall falls with reach: what a pattern's masks allow at most, and what it shows without recalling anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from claims.claim import Claim, Finding, judged
from claims.regime import Regime
from claims.relation import Relation
from nas.errors import InputError
from nas.patterns.model import ModelPattern
from nas.patterns.reach import connections
from nas.results.codec import from_document
from nas.tasks.synthetic.recall import RecallSettings, RecallTask
from nas.tasks.task import IGNORED_TARGET

_ABOUT = "recall falls with reach"
WINDOWS = ("narrow_windows", "growing_windows", "shrinking_windows", "equal_windows", "wide_windows")
"""Anchors of windows alone: L layers of w keys reach L (w - 1) tokens back."""
ORDERED = (
    Claim(_ABOUT, "full", Relation.NOT_WORSE, "wide_windows"),
    Claim(_ABOUT, "wide_windows", Relation.BETTER, "equal_windows"),
    Claim(_ABOUT, "equal_windows", Relation.BETTER, "narrow_windows"),
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Accuracies between which a pattern that recalls must lie.

    Args:
        share: of the queries, those whose value reaches them through the layers.
        most: all of these right, and the others guessed among the values that are in no other pair.
        least: these answered with any value that reaches them, and the others wrong.
    """

    share: float
    most: float
    least: float


def findings(regime: Regime) -> Iterator[Finding]:
    """What a table of `task=recall` shows.

    Tables hold accuracies over all queries. So what is judged beyond the reach is that the whole is not above what the
    queries within it and guessing can give; and within it, that more is right than naming some value in sight.

    Raises:
        InputError: the proxies have convolutions, which carry tokens past the masks.
    """
    if regime.table.proxy.convolution_tokens:
        allowed = "must be 0 in a table of recall: the reach is that of the masks"
        raise InputError(f"{regime.name}: proxy.convolution_tokens", allowed, regime.table.proxy.convolution_tokens)
    task = from_document(regime.task, RecallSettings)
    for name in WINDOWS:
        own = bounds(regime.anchors[name], task, token_shift=regime.table.proxy.token_shift)
        runs = list(regime.runs.get(name, {}).values())
        spare, gain = (fmean(runs) - own.least, own.most - fmean(runs)) if runs else (None, None)
        beyond = f"beyond its reach by chance: `{name}` at most {own.most:.3f}"
        within = f"within its reach above chance: `{name}` more than {own.least:.3f}"
        yield judged(beyond, regime, Relation.NOT_WORSE, gain, (len(runs),))
        yield judged(within, regime, Relation.BETTER, spare, (len(runs),))
    for claim in ORDERED:
        yield claim.finding(regime)


def bounds(pattern: ModelPattern, settings: RecallSettings, *, token_shift: bool) -> Bounds:
    """The bounds over the task's own validation set.

    Args:
        pattern: a causal pattern.
        settings: of the task.
        token_shift: whether each token is mixed with the one before it in front of the first layer.
    """
    reached = connections(pattern, settings.num_tokens)
    if token_shift:  # token j is in the inputs at j and j + 1
        reached[:, :-1] |= reached[:, 1:]
    places = 2 * np.arange(settings.num_pairs) + 1
    own, in_sight = [], []
    for batch in RecallTask(settings).validation_batches(settings.validation_sequences):
        for tokens, targets in zip(np.asarray(batch.tokens), np.asarray(batch.targets), strict=True):
            for query in np.flatnonzero(targets != IGNORED_TARGET):
                (place,) = places[tokens[places] == targets[query]]
                own.append(bool(reached[query, place]))
                in_sight.append(int(reached[query, places].sum()))
    share = float(np.mean(own))
    num_values = settings.vocab_size - settings.vocab_size // 2
    guessed = (1 - share) / (num_values - settings.num_pairs + 1)
    named = np.divide(own, np.maximum(in_sight, 1))
    return Bounds(share=share, most=share + guessed, least=float(named.mean()))
