"""The picture of a table: drawn from any part of it."""

from dataclasses import replace
from pathlib import Path

import matplotlib.image
import pytest

from nas.errors import InputError
from nas.ground_truth.file import Table, read_table
from nas.ground_truth.report.picture import draw_table
from tests.tiny_table import pretend_table


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    path = tmp_path_factory.mktemp("table") / "tiny.jsonl"
    pretend_table(path)
    return read_table(path)


@pytest.mark.parametrize("num_rows", [0, 8, 9, 10, 13, 24])
def test_every_part_of_a_table_can_be_drawn(table: Table, tmp_path: Path, num_rows: int) -> None:
    draw_table(replace(table, rows=table.rows[:num_rows]), tmp_path / "table.png")
    height, width, _ = matplotlib.image.imread(tmp_path / "table.png").shape
    assert width > 2 * height > 500


def test_a_place_that_cannot_be_written_is_named(table: Table, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"file/table\.png: must be a file that can be written"):
        draw_table(table, tmp_path / "file" / "table.png")


def test_a_link_is_replaced_and_its_target_is_kept(table: Table, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "table.png").symlink_to(tmp_path / "mine")
    draw_table(table, tmp_path / "table.png")
    assert (tmp_path / "mine").read_text() == "mine"
    assert matplotlib.image.imread(tmp_path / "table.png").shape[1] > 500


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_older_picture(table: Table, tmp_path: Path) -> None:
    (tmp_path / "table.png").write_bytes(b"older")
    with pytest.raises(InputError, match=r"table\.png: must be .*, got 'No space left on device'\.$"):
        draw_table(table, tmp_path / "table.png")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"table.png": b"older"}
