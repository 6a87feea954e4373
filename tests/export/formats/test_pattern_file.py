"""The file of format `pattern`: the pattern itself, with everything in it."""

import json

import pytest
from hypothesis import given

from nas.errors import ExportError, PatternError
from nas.export import FORMATS
from nas.patterns.file import load_pattern
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

PATTERN = ModelPattern.of([(HeadGroup(2, (Window(7),)), HeadGroup(1, (Full(),)))])
EQUIVALENT = ModelPattern.of([(HeadGroup(1, (Full(),)), HeadGroup(2, (Window(7),)))])
"""The same heads in another order."""


def test_the_file_is_read_by_nas(tmp_path):
    [(name, text)] = files_of("pattern", PATTERN).items()
    (tmp_path / name).write_text(str(text))
    assert name == "pattern.json" and load_pattern(tmp_path / name) == PATTERN


@quick
@given(SUPPORTED["pattern"])
def test_heads_stay_in_the_order_of_the_trial(pattern):
    [text] = files_of("pattern", pattern).values()
    document = json.loads(text)
    assert document.pop("made_for")["num_tokens"] > 0
    assert document == json.loads(json.dumps(pattern.to_dict()))
    assert FORMATS["pattern"].check({"pattern.json": text}, pattern) == ("the whole pattern",)


def test_another_pattern_is_found_out_even_if_it_is_equivalent():
    assert PATTERN.id == EQUIVALENT.id and PATTERN != EQUIVALENT
    with pytest.raises(ExportError, match=rf"^pattern: pattern\.json read back is not pattern {PATTERN.id}\.$"):
        FORMATS["pattern"].check(files_of("pattern", EQUIVALENT), PATTERN)


def test_a_file_that_holds_no_pattern_is_refused():
    with pytest.raises(PatternError, match="must have the key 'schema'"):
        FORMATS["pattern"].check({"pattern.json": "{}"}, PATTERN)
