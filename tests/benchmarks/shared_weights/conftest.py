import random

import pytest

from nas.tasks.language.text import TextSettings, TextTask
from tests.one_thread import one_thread as one_thread


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> TextTask:
    words = ["query", "key", "value", "head", "layer", "token", "window", "stride", "block", "column"]
    draw = random.Random(0)
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    path.write_text(" ".join(draw.choice(words) for _ in range(4000)))
    return TextTask(TextSettings(path=str(path), num_tokens=32, validation_sequences=16))
