import pytest

from nas.tracking.recorder import Recorder
from nas.tracking.runs.run import Run
from nas.tracking.settings import TrackingSettings
from nas.tracking.worker import _is_complete

LONG = Run(
    id="0123456789abcdef",
    name="long",
    group="study",
    job_type="trial",
    config={f"setting{index}": index for index in range(2000)},
    history=tuple((step, {"quality": 1.0 / step}) for step in range(1, 201)),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    assert Recorder(TrackingSettings(), folder).finish([LONG]).num_missing == 0
    [path] = folder.glob("wandb/*/*.wandb")
    return path


def test_a_file_of_several_blocks_is_read_to_its_end(file, read_runs):
    assert file.stat().st_size > 2 * 32768
    written = read_runs(file.parents[2])["long"]
    assert written.config.items() >= LONG.config.items()
    assert [row["_step"] for row in written.history] == list(range(1, 201))
    assert _is_complete(file)


@pytest.mark.parametrize("kept", [0, 7, 10_000, 32768, 65536, -300, -1])
def test_a_file_that_lost_its_end_is_not_whole(file, tmp_path, kept):
    cut = tmp_path / "cut.wandb"
    cut.write_bytes(file.read_bytes()[:kept])
    assert not _is_complete(cut)
