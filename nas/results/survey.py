"""The survey of a checkpoint: survey.json (schema nas.survey/1), what narrow masks do to it one by one.

It is kept in the study folder as it is made, so that a killed survey goes on, and later studies beside it need none.
"""

from pathlib import Path
from typing import Final, Literal

from msgspec.structs import replace

from nas.files import damage_named, read_bytes, write_json
from nas.patterns.layer import MOST_HEADS
from nas.patterns.model import MOST_LAYERS
from nas.results.codec import Value, check_schema, from_json, to_document

SCHEMA: Final = "nas.survey/1"
SURVEY_FILE = "survey.json"


class Losses(Value, frozen=True, kw_only=True):
    """What a checkpoint loses on the survey's sequences.

    Args:
        text: mean cross-entropy of the text, in bits per byte.
        needle: mean negative log-likelihood of the needles' values, in nats per token; None without probes.
    """

    text: float
    needle: float | None = None


class SurveyPart(Value, frozen=True, kw_only=True):
    """A part of the model whose mask is made narrow, while all others see everything.

    Args:
        layer: from 0.
        head: KV head of the layer, from 0; None for all of them.
        recent_tokens: recent keys that it sees, the query itself included, besides the survey's sinks.
    """

    layer: int
    head: int | None = None
    recent_tokens: int


class PartLosses(Value, frozen=True, kw_only=True):
    """A part, and what the checkpoint loses with it.

    Args:
        part: what is narrow.
        losses: of the whole model.
    """

    part: SurveyPart
    losses: Losses


class Survey(Value, frozen=True, kw_only=True):
    """What is known of a checkpoint's layers and heads before its first trial.

    Args:
        key: hash of the weights, the text and the settings that it depends on, hexadecimal.
        precision: type of the arithmetic, such as float32.
        num_layers: layers of the checkpoint.
        num_heads: KV heads of a layer.
        num_tokens: length of the sequences, in tokens.
        num_sinks: first tokens that narrow masks see.
        recent_tokens: the windows that whole layers are given, ascending; single heads are given the first one. Empty
            where only retrieval scores are wanted.
        with_probe: whether needles are asked for.
        retrieval: retrieval score of every KV head of every layer, 0 to 1; empty without probes, and until measured.
        full: losses with full attention; None until measured.
        full_in_float32: the same in float32, where the precision is another; None until measured, and where it is not.
        parts: what was measured so far.
    """

    schema: Literal["nas.survey/1"] = SCHEMA
    key: str
    precision: str
    num_layers: int
    num_heads: int
    num_tokens: int
    num_sinks: int
    recent_tokens: tuple[int, ...]
    with_probe: bool
    retrieval: tuple[tuple[float, ...], ...] = ()
    full: Losses | None = None
    full_in_float32: Losses | None = None
    parts: tuple[PartLosses, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to measure."""
        return self._work_left == 0

    @property
    def share_done(self) -> float:
        """Work done as a share of the whole survey's, 0 to 1."""
        work = self._work(with_probe=self.with_probe, full=bool(self.recent_tokens), parts=self.plan())
        return 1 - self._work_left / work if work else 1.0

    @property
    def _work_left(self) -> int:
        return self._work(
            with_probe=self.with_probe and not self.retrieval,
            full=bool(self.recent_tokens) and self.full is None,
            parts=self.plan()[len(self.parts) :],
        )

    def _work(self, *, with_probe: bool, full: bool, parts: list[SurveyPart]) -> int:
        """In layers run for the survey's sequences: a part shares those below its own."""
        return self.num_layers * (with_probe + full) + sum(self.num_layers - part.layer for part in parts)

    def is_of(self, blank: "Survey") -> bool:
        """Whether it is the survey that a blank one becomes, in any precision."""
        measured = {"retrieval": (), "full": None, "full_in_float32": None, "parts": ()}
        return replace(self, precision=blank.precision, **measured) == blank

    def check(self) -> None:
        """Raise ValueError if it cannot have been measured."""
        if not (0 < self.num_layers <= MOST_LAYERS and 0 < self.num_heads <= MOST_HEADS):
            raise ValueError("num_layers, num_heads: must be those of a model")
        if self.retrieval and [len(row) for row in self.retrieval] != [self.num_heads] * self.num_layers:
            raise ValueError("retrieval: must have a score for every head of every layer")
        if self.parts and self.full is None:
            raise ValueError("full: must be there before any part")
        if [one.part for one in self.parts] != self.plan()[: len(self.parts)]:
            raise ValueError("parts: must be those of its plan, in their order")

    def plan(self) -> list[SurveyPart]:
        """Every part that is measured, in this order: layers first, then single heads where a layer has several."""
        layers = range(self.num_layers)
        whole = [SurveyPart(layer=layer, recent_tokens=recent) for recent in self.recent_tokens for layer in layers]
        if self.num_heads == 1 or not self.recent_tokens:
            return whole
        narrow, heads = self.recent_tokens[0], range(self.num_heads)
        return whole + [SurveyPart(layer=layer, head=head, recent_tokens=narrow) for layer in layers for head in heads]


def read_survey(study: Path) -> Survey | None:
    """The survey in a study folder, or None if there is none.

    Args:
        study: the folder, whose files are its own (`check_own`).

    Raises:
        StudyError: the file is damaged, or another version wrote it.
    """
    path = study / SURVEY_FILE
    content = read_bytes(path)
    if content is None:
        return None
    with damage_named(path):
        check_schema(content, SCHEMA, path)
        survey = from_json(content, Survey)
        survey.check()
    return survey


def write_survey(study: Path, survey: Survey) -> None:
    """Keep a survey in a study folder, whole or not at all.

    Raises:
        StudyError: the disk is full, or the system refuses.
    """
    write_json(study / SURVEY_FILE, to_document(survey))
