"""What a study must measure of a checkpoint before its first trial."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from msgspec.structs import replace

from nas.evaluation.settings import CheckpointSettings
from nas.pretrained.checkpoint_tasks import NEEDLE, TEXT, CheckpointTextTask
from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import NeedleTask
from nas.pretrained.surveying import SurveyTasks
from nas.results.survey import Survey
from nas.tasks.task import Task

NUM_SINKS = 4
"""First tokens that narrow masks of a survey see: those of StreamingLLM."""
NARROWNESS = (32, 8)
"""By what the sequence is divided for the windows of a survey: gpt-oss has a 32nd, Longformer an eighth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSurvey:
    """A survey that is to be made.

    Args:
        blank: the survey in which nothing is known yet.
        tasks: what is asked.
    """

    blank: Survey
    tasks: SurveyTasks

    @property
    def unmeasured(self) -> Survey:
        """What a problem is checked with before anything is measured: no head retrieves more than another."""
        alike = ((0.0,) * self.blank.num_heads,) * self.blank.num_layers
        return replace(self.blank, retrieval=alike if self.blank.with_probe else ())


def make_to_survey(
    decoder: Decoder, tasks: Mapping[str, Task], evaluation: CheckpointSettings, batch_size: int, fingerprint: str
) -> ToSurvey | None:
    """What a study must survey; None where it has neither probes nor sequences for it.

    Args:
        decoder: the checkpoint.
        tasks: of the study, by label.
        evaluation: its settings.
        batch_size: texts at once in which retrieval heads are looked for.
        fingerprint: hash of the checkpoint, hexadecimal.
    """
    text, probe, num_sequences = tasks[TEXT], tasks.get(NEEDLE), evaluation.survey_sequences
    assert isinstance(text, CheckpointTextTask) and isinstance(probe, NeedleTask | None), "checkpoint_tasks makes them"
    if not num_sequences and probe is None:
        return None
    num_asked = max(1, num_sequences)
    asked = SurveyTasks(
        text=text.on_training_text(num_asked),
        probe=probe.on_training_text(num_asked) if probe else None,
        scored_probe=probe,
        batch_size=batch_size,
    )
    sizes, num_tokens = decoder.dimensions, text.num_tokens
    windows = {max(2, num_tokens // part) for part in NARROWNESS} if num_sequences else ()
    blank = Survey(
        key="",
        precision="",
        num_layers=sizes.num_layers,
        num_heads=sizes.num_kv_heads,
        num_tokens=num_tokens,
        num_sinks=min(NUM_SINKS, num_tokens // 8),
        recent_tokens=tuple(sorted(windows)),
        with_probe=probe is not None,
    )
    decisive = json.dumps([fingerprint, asked.fingerprints, blank.recent_tokens, blank.num_sinks])
    key, precision = sha256(decisive.encode()).hexdigest(), str(decoder.model.dtype).removeprefix("torch.")
    return ToSurvey(blank=replace(blank, key=key, precision=precision), tasks=asked)
