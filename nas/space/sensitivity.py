"""How sensitive the layers and heads of a checkpoint are: their order, and what narrow masks add up to.

The effects of masks on single layers and heads are nearly additive while they are small, so their sum orders patterns
and predicts losses before anything is scored.
"""

import numpy as np
from numpy.typing import NDArray

from nas.results.survey import Losses, Survey

Array = NDArray[np.float64]
_WEIGHTS = {"both": (1, 1), "text": (1, 0), "needle": (0, 1)}
ORDERS = tuple(_WEIGHTS)
"""What a part is sensitive in: both, each as a share of its mean effect; or text or needles alone."""


class Sensitivity:
    """What a survey says; nothing is sensitive in what was not measured.

    Args:
        survey: of a checkpoint.
    """

    def __init__(self, survey: Survey) -> None:
        self._num_tokens, self._num_heads = survey.num_tokens, survey.num_heads
        self.knows_needles = survey.with_probe
        widths = survey.recent_tokens
        self._layers: Array = np.zeros((survey.num_layers, len(widths), 2))
        self._heads: Array = np.zeros((survey.num_layers, survey.num_heads, 2))
        for one in survey.parts:
            assert survey.full is not None, "it is measured before any part"
            effect = _effect(one.losses, survey.full)
            if one.part.head is None:
                self._layers[one.part.layer, widths.index(one.part.recent_tokens)] = effect
            else:
                self._heads[one.part.layer, one.part.head] = effect
        if survey.num_heads == 1:
            self._heads[:, 0] = self._layers[:, 0]
        self._log_widths = np.log2([*widths, survey.num_tokens])

    @classmethod
    def unknown(cls, num_layers: int, num_heads: int, num_tokens: int) -> "Sensitivity":
        """That of a model of which nothing is known, for pictures: parts keep their order by depth."""
        return cls(
            Survey(
                key="",
                precision="",
                num_layers=num_layers,
                num_heads=num_heads,
                num_tokens=num_tokens,
                num_sinks=0,
                recent_tokens=(1,),
                with_probe=True,
            )
        )

    @property
    def _evenly(self) -> Array:
        """What is left of an effect at every measured window, where it falls evenly to 0 at the whole sequence."""
        left: Array = (self._log_widths[-1] - self._log_widths[:-1]) / (self._log_widths[-1] - self._log_widths[0])
        return left

    def layers(self, by: str) -> tuple[int, ...]:
        """Every layer, the least sensitive first, in one of ORDERS."""
        found = np.argsort(_weighed(self._layers[:, 0], by), kind="stable")
        return tuple(int(layer) for layer in found)

    def heads(self, by: str) -> tuple[tuple[int, int], ...]:
        """Every (layer, KV head), the least sensitive first, in one of ORDERS."""
        found = np.argsort(_weighed(self._heads.reshape(-1, 2), by), kind="stable")
        return tuple(divmod(int(place), self._num_heads) for place in found)

    def effects(self, keys: Array) -> Array:
        """What masks add to the losses with full attention, by the sum of what each adds alone.

        A layer whose heads see equally much adds what it was measured to add; else each head does. Between the measured
        windows the effect is linear in the logarithm of the window, and nothing at the whole sequence. What single
        masks seem to win is noise of a few sequences, and counts as nothing.

        Args:
            keys: mean keys per query of every KV head beside first tokens, shape (m, layers * heads).

        Returns:
            shape (m, 2): bits per byte of text, and nats per token of needles' values; 0 without probes.
        """
        widths = _as_windows(keys, self._num_tokens).reshape(len(keys), len(self._layers), self._num_heads)
        logs = np.log2(np.maximum(widths, 1))
        alike = np.ptp(logs, axis=2) < 1e-6
        layers, heads = np.maximum(self._layers, 0), np.maximum(self._heads, 0)
        means = layers.mean(axis=0)
        total = np.zeros((len(keys), 2))
        for kind in range(2):
            of_layers = np.stack(
                [self._at(curve, logs[:, layer, 0]) for layer, curve in enumerate(layers[:, :, kind])], axis=1
            )
            fading = means[:, kind] / means[0, kind] if means[0, kind] > 0 else self._evenly
            of_heads = (heads[None, :, :, kind] * self._at(fading, logs)).sum(axis=2)
            total[:, kind] = np.where(alike, of_layers, of_heads).sum(axis=1)
        return total

    def _at(self, measured: Array, logs: Array) -> Array:
        """An effect at some windows, from those at the measured ones; below the narrowest it grows on as before."""
        values = np.append(measured, 0.0)
        found: Array = np.interp(logs, self._log_widths, values)
        slope = (values[0] - values[-1]) / (self._log_widths[-1] - self._log_widths[0])
        found += np.maximum(self._log_widths[0] - logs, 0) * max(slope, 0.0)
        return found


def _effect(losses: Losses, full: Losses) -> tuple[float, float]:
    return losses.text - full.text, (losses.needle or 0.0) - (full.needle or 0.0)


def _weighed(effects: Array, by: str) -> Array:
    """One number for each part, from its effects on text and needles, shape (parts, 2)."""
    scales = np.abs(effects).mean(axis=0)
    shares = effects / np.where(scales > 0, scales, 1.0)
    weighed: Array = shares @ _WEIGHTS[by]
    return weighed


def _as_windows(keys: Array, num_tokens: int) -> Array:
    """The causal windows with so many mean keys per query, in tokens: w - w * (w - 1) / (2 * n) keys."""
    half = num_tokens + 0.5
    windows: Array = half - np.sqrt(np.maximum(half**2 - 2 * num_tokens * keys, 0))
    return np.minimum(windows, num_tokens)
