"""Token files are read as they are, or refused in one line."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import InputError
from nas.tasks.language.token_file import open_tokens

IDS = np.arange(1000)


def save(path: Path, ids: np.ndarray) -> str:
    if path.suffix == ".bin":
        ids.astype("<u2").tofile(path)
    else:
        np.save(path, ids)
    return str(path)


@pytest.mark.parametrize("dtype", ["u1", "i2", "<u2", ">u4", "i8"])
def test_npy_files_of_any_integers_are_read(tmp_path: Path, dtype: str) -> None:
    ids = (IDS % 200).astype(dtype)
    assert open_tokens(save(tmp_path / "a.npy", ids)).tolist() == ids.tolist()


def test_bin_files_are_unsigned_16_bit_numbers_low_byte_first(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes([1, 0, 0, 1, 255, 255]))
    assert open_tokens(str(tmp_path / "a.bin")).tolist() == [1, 256, 65_535]


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        (None, "Set task.path"),
        ("x.txt", "must end in .bin or .npy"),
        ("nowhere.npy", "No such file"),
        ("odd.bin", "odd"),
    ],
)
def test_a_path_that_names_no_tokens_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str | None, remedy: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("odd.bin").write_bytes(b"abc")
    with pytest.raises(InputError, match=rf"^task\.path: must name a \.bin or \.npy file of token ids.*{remedy}"):
        open_tokens(path)


@given(st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_damaged_files_are_refused_in_one_line_or_read(tmp_path_factory: pytest.TempPathFactory, data) -> None:
    path = tmp_path_factory.mktemp("damaged") / "a.npy"
    np.save(path, IDS)
    content = bytearray(path.read_bytes())
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, 140), st.integers(0, 255)), max_size=4)):
        content[place] = byte
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    try:
        assert open_tokens(str(path)).ndim == 1
    except InputError as error:
        assert "\n" not in str(error)
