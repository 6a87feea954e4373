"""What a pretrained decoder is asked: the user's text, and retrieval probes in it."""

from collections.abc import Sequence

from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import NeedleTask
from nas.pretrained.text import CheckpointTextTask, tokenise
from nas.tasks.language.text import TextSettings
from nas.tasks.task import Task

TEXT, NEEDLE = "text", "needle"
"""Labels of the tasks."""


def checkpoint_tasks(
    decoder: Decoder, settings: TextSettings, depths: Sequence[float], num_sequences: int
) -> dict[str, Task]:
    """The tasks of a study by label, the text first.

    Args:
        decoder: its tokenizer reads the text.
        settings: which text, and how it is cut.
        depths: where the probes' needles stand, as shares of the text; none for no probes.
        num_sequences: sequences that ask for each depth.

    Raises:
        InputError: too little text, no tokenizer, or no room for the needles.
    """
    tokenised = tokenise(decoder.folder, settings, decoder.dimensions.vocab_size)
    text = CheckpointTextTask(tokenised, settings)
    if not depths:
        return {TEXT: text}
    needle = NeedleTask(tokenised, text, num_tokens=text.num_tokens, depths=depths, num_sequences=num_sequences)
    return {TEXT: text, NEEDLE: needle}
