"""Running a generated module to read its masks."""

import traceback

import numpy as np
import pytest

from nas.export.generated.run import read_module, run_module
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Random, Window
from tests.supported_patterns import files_of

SOURCE = """
NUM_HEADS = 3

def mask_mod(layer, num_tokens):
    return lambda b, h, q_idx, kv_idx: (kv_idx <= q_idx) & (kv_idx >= layer)
"""


def test_a_module_is_run_under_its_name_and_its_names_are_returned():
    module = run_module("NAME = __name__\n", "attention_pattern")
    assert module["NAME"] == "attention_pattern"


def test_an_error_names_the_module():
    with pytest.raises(ZeroDivisionError) as caught:
        run_module("\n1 / 0\n", "attention_pattern")
    assert traceback.extract_tb(caught.tb)[-1].filename == "attention_pattern.py"
    assert traceback.extract_tb(caught.tb)[-1].lineno == 2


def test_two_modules_share_no_names():
    run_module("LEFT = 1\n", "one")
    assert "LEFT" not in run_module("", "one")


def test_a_mask_without_heads_is_that_of_every_head():
    rows = read_module(SOURCE, "own").rows(1, np.array([0, 2]), 4)
    assert rows.shape == (3, 2, 4)
    assert (rows == [[False] * 4, [False, True, True, False]]).all()


def test_the_rows_that_are_read_are_those_of_the_pattern():
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)), HeadGroup(2, (Window(2), Random(4, 1))))])
    [source] = files_of("flex", pattern).values()
    query = np.array([17, 3, 0])
    assert np.array_equal(read_module(str(source), "own").rows(0, query, 18), pattern.mask(0, 18)[:, query])
