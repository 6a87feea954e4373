"""The interface of a format: its summary, its check, and the options that it takes."""

import numpy as np
import pytest

from nas.errors import ExportError, InputError
from nas.export import FORMATS, ExportSettings
from nas.export.contract.export_format import Format, mask_check
from nas.export.contract.masks import Reading
from nas.patterns.primitives import Window
from tests.fronts import make_pattern


def _format(*options: str) -> Format:
    return Format(
        name="own",
        summary="",
        write=lambda *_: {},
        check=lambda *_: (),
        usage="",
        options=frozenset(options),
        library="there is none",
    )


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ((), "none of these options"),
        (("num_kv_heads",), "--kv-heads"),
        (("num_tokens", "num_kv_heads"), "--kv-heads, --tokens"),
    ],
)
def test_an_option_that_the_format_would_ignore_is_refused(options, taken):
    with pytest.raises(InputError, match=f"--block: must be left out, as own takes {taken}, got 64"):
        _format(*options).check_options(ExportSettings(block_tokens=64))


def test_an_option_that_the_format_takes():
    _format("block_tokens").check_options(ExportSettings(block_tokens=64))
    _format().check_options(ExportSettings())


@pytest.mark.parametrize("name", FORMATS)
def test_a_summary_is_one_line(name):
    assert "\n" not in FORMATS[name].summary and not FORMATS[name].summary.endswith(".")


def test_a_check_by_masks_reads_the_files_for_as_many_heads():
    def read(files, num_heads):
        assert files == {"a": "b"}
        return Reading(rows=lambda layer, query, n: np.ones((num_heads, len(query), n), dtype=bool), only=1)

    check = mask_check("own", read)
    assert check({"a": "b"}, make_pattern(Window(3), heads=3)) == ("masks of all layers and heads at 1 tokens",)


def test_a_check_by_masks_finds_other_masks():
    reading = Reading(rows=lambda layer, query, n: np.zeros((2, len(query), n), dtype=bool))
    with pytest.raises(ExportError, match=r"^own: the mask read back differs"):
        mask_check("own", lambda *_: reading)({}, make_pattern(Window(3)))
