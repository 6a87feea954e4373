"""Searches that are kept."""

from pathlib import Path

from search_methods.kept import SearchKey, read_searches, write_search
from search_methods.search import Chosen, Search


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    assert read_searches(file) == {}
    keys = [SearchKey("table.jsonl", 20, 60, "mine", seed) for seed in range(2)]
    searches = [Search((Chosen(1.5, ("a", "b")), Chosen(2.5, ())), 0.25, 3.5), Search((), None)]
    for key, search in zip(keys, searches, strict=True):
        write_search(file, key, search)
    found = read_searches(file)
    assert found == dict(zip(keys, searches, strict=True))
    assert found[keys[0]].cpu_seconds == 3.5
