"""The survey of a decoder: each layer, then each KV head, sees a window and sinks alone, and all others everything.

Layers below the narrow one are those of full attention, whose states are shared (`layer_states`), so a measurement runs
half of the model on average.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from msgspec.structs import replace

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from nas.pretrained.checkpoint_tasks import CheckpointTextTask
from nas.pretrained.decoder import Decoder
from nas.pretrained.dimensions import Dimensions
from nas.pretrained.needle import NeedleTask
from nas.pretrained.retrieval_heads import retrieval_scores
from nas.pretrained.scoring import in_chunks, score_task
from nas.proxy.training.metrics import Tally
from nas.results.survey import Losses, PartLosses, Survey, SurveyPart


@dataclass(frozen=True, slots=True)
class SurveyTasks:
    """What a survey asks; its sequences are of the text to train on, so that no pattern is chosen by what it is scored.

    Args:
        text: windows of text; says what a loss is in bits per byte.
        probe: needles in such text, or None; where there is one, text is scored in its sequences too.
        scored_probe: the study's own probe, by which retrieval heads are found; None together with the other.
        batch_size: texts at once in which retrieval heads are looked for.
    """

    text: CheckpointTextTask
    probe: NeedleTask | None
    scored_probe: NeedleTask | None
    batch_size: int

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Hashes of all of it."""
        return tuple(task.fingerprint for task in (self.text, self.probe, self.scored_probe) if task is not None)


@dataclass(frozen=True, slots=True)
class Step:
    """A survey on its way.

    Args:
        survey: what is known by now.
        what: the next part of the work, in words.
        done: units of it that are done.
        total: its units.
    """

    survey: Survey
    what: str
    done: int
    total: int


def go_on(survey: Survey, decoder: Decoder, tasks: SurveyTasks) -> Iterator[Step]:
    """Measure what a survey lacks, one thing after the other; each is known in the next step, the last one in the last.

    Args:
        survey: as far as it is known.
        decoder: is left with full attention.
        tasks: what is asked.
    """
    if tasks.scored_probe is not None and not survey.retrieval:
        yield Step(survey, "looking for retrieval heads", 0, 1)
        scores = retrieval_scores(decoder, tasks.scored_probe, tasks.batch_size)
        survey = replace(survey, retrieval=tuple(tuple(row) for row in scores.tolist()))
    plan = survey.plan()
    left = plan[len(survey.parts) :]
    if left:
        yield Step(survey, "measuring full attention", 0, 1)
        decoder.attend_fully()
        full = losses(decoder, tasks, keep=True)  # in a survey that goes on too: it leaves the states to share
        survey = replace(survey, full=survey.full or full)
    for part in left:
        alike = [one for one in plan if (one.head is None) == (part.head is None)]
        what = "survey of layers" if part.head is None else "survey of heads"
        yield Step(survey, what, alike.index(part), len(alike))
        decoder.attend_as(narrowed(decoder.dimensions, part, survey.num_sinks))
        found = PartLosses(part=part, losses=losses(decoder, tasks, keep=False))
        survey = replace(survey, parts=(*survey.parts, found))
    decoder.attend_fully()
    yield Step(survey, "survey", 1, 1)


def narrowed(sizes: Dimensions, part: SurveyPart, num_sinks: int) -> ModelPattern:
    """The pattern in which one part of a decoder sees its window and sinks, and all others everything."""
    full = (Full(),)
    narrow = (Window(part.recent_tokens - 1), *([Global(num_sinks)] if num_sinks else []))

    def head(layer: int, head: int) -> HeadGroup:
        is_part = layer == part.layer and part.head in (None, head)
        return HeadGroup(sizes.heads_per_kv, narrow if is_part else full)

    heads = range(sizes.num_kv_heads)
    return ModelPattern.of([tuple(head(layer, each) for each in heads) for layer in range(sizes.num_layers)])


@torch.no_grad()
def losses(decoder: Decoder, tasks: SurveyTasks, *, keep: bool) -> Losses:
    """What a decoder loses as it attends now, one sequence at a time.

    Args:
        decoder: attends as it is measured.
        tasks: what is asked.
        keep: whether states between layers are left for other patterns.
    """
    if tasks.probe is None:
        scored = score_task(decoder, tasks.text, 1, share=True, keep=keep)
        return Losses(text=tasks.text.quality(scored.loss, scored.accuracy))
    probe, device = tasks.probe, decoder.device
    answers, of_text = (torch.from_numpy(places).to(device) for places in (probe.answer_places(), probe.text_places()))
    text, needle = Tally(1, device), Tally(1, device)
    for batch in probe.branched_batches(1):
        tokens = torch.from_numpy(batch.tokens).to(device)
        asked = torch.from_numpy(batch.answers).to(device)
        with decoder.reading(tokens, probe.branches, share=True, keep=keep) as logits_at:
            needle.add(logits_at(answers.flatten()).flatten(0, 1)[None], asked.flatten(1))
            for places in in_chunks(of_text, decoder, len(tokens)):
                text.add(logits_at(places).flatten(0, 1)[None], tokens[:, places + 1])
    (text_loss,), (needle_loss,) = text.losses(), needle.losses()
    return Losses(text=tasks.text.quality(text_loss, 0.0), needle=needle_loss)
