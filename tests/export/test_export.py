"""From a front to files."""

import dataclasses

import pytest
from msgspec.structs import replace

from nas.errors import ExportError, InputError
from nas.export import FORMATS, ExportSettings, choose_best, choose_trial, export_points, whole_front
from nas.patterns.file import load_pattern


def test_the_whole_front_is_one_folder_a_trial(front, tmp_path):
    export_points(whole_front(front), "pattern", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trial-00003", "trial-00005", "trial-00012"]
    for point in front.points:
        assert load_pattern(tmp_path / f"trial-{point.trial:05d}" / "pattern.json").id == point.pattern_id


def test_one_existing_file_keeps_the_whole_front_from_being_written(front, tmp_path):
    (tmp_path / "trial-00012").mkdir()
    (tmp_path / "trial-00012" / "pattern.json").write_text("mine")
    with pytest.raises(ExportError, match=r"trial-00012/pattern\.json: exists already"):
        export_points(whole_front(front), "pattern", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["trial-00012"]


def test_an_unknown_format_names_the_nearest(front, tmp_path):
    with pytest.raises(InputError, match=r"--format: .*got 'patern'\. Did you mean 'pattern'"):
        export_points(whole_front(front), "patern", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_export_that_reads_back_wrong_is_never_written(front, tmp_path, monkeypatch):
    other = choose_trial(front, 0).pattern
    broken = dataclasses.replace(FORMATS["flex"], write=lambda _, *rest: FORMATS["flex"].write(other, *rest))
    monkeypatch.setitem(FORMATS, "broken", broken)
    with pytest.raises(ExportError, match=r"trial 5: .*layer 0, head 0, at 17 tokens\. Nothing was written"):
        export_points([choose_trial(front, 5)], "broken", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_option_that_the_target_would_ignore_is_refused(front, tmp_path):
    with pytest.raises(InputError, match=r"--tokens: must be left out, as duo-attention takes --kv-heads, got 64"):
        export_points(whole_front(front), "duo-attention", tmp_path / "out", settings=ExportSettings(num_tokens=64))
    with pytest.raises(InputError, match=r"--block: must be left out, as flex takes none of these options, got 64"):
        export_points(whole_front(front), "flex", tmp_path / "out", settings=ExportSettings(block_tokens=64))
    assert not (tmp_path / "out").exists()


def test_a_hostile_study_name_stays_text(front, tmp_path):
    hostile = replace(front, study='"""\n# <script>`x`')
    export_points([choose_best(hostile, "knee")], "flex", tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "\n# <" not in text and "<script>" not in text.replace("\\<script\\>", "")
    compile((tmp_path / "attention_pattern.py").read_text(), "attention_pattern.py", "exec")
