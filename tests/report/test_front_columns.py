"""What the table of a front says; tests/report/test_front_table.py has how it is laid out."""

from msgspec.structs import replace

from nas.report.front_columns import Contents
from nas.results.survey import Losses
from tests.fronts import (
    change_entries,
    make_baseline,
    make_checkpoint_front,
    make_front,
    make_point,
    make_score,
    make_target_front,
)


def test_every_row_has_a_cell_for_each_heading(front) -> None:
    for one in (front, make_checkpoint_front(), make_target_front()):
        for wide in (False, True):
            contents = Contents(one, wide=wide)
            rows = [*contents.points(), *contents.baselines()]
            assert {len(row.numbers) for row in rows} == {len(contents.headings())}


def test_a_unit_that_was_told_is_not_repeated_unless_wide() -> None:
    told = [heading for heading in Contents(make_target_front(), wide=False).headings() if "(bits per byte)" in heading]
    assert told == [("projected quality", "(bits per byte)")]
    wide = [heading for heading in Contents(make_target_front(), wide=True).headings() if "(bits per byte)" in heading]
    assert wide == [*told, ("quality", "(bits per byte)")]


def _parts(front, direction: str):
    scores = tuple(replace(make_score(f"quality_{part}", part=part), direction=direction) for part in ("easy", "hard"))
    known = {"quality_easy": 0.25, "quality_hard": 0.75}
    return change_entries(
        front, lambda entry: {"scores": known if entry.trial == 9 else {}}, scores=(*front.scores, *scores)
    )


def test_the_worst_part_is_the_largest_where_less_is_better_and_the_smallest_where_more_is(front) -> None:
    for direction, cell in (("minimize", "0.750 at hard"), ("maximize", "0.250 at easy")):
        contents = Contents(_parts(front, direction), wide=False)
        assert contents.headings()[-1] == ("quality, worst part",)
        assert [row.numbers[-1] for row in contents.points()] == [cell, "-", "-", "-"]


def test_the_note_on_parts_is_there_with_them_alone(front) -> None:
    def has_note(one, *, wide: bool) -> bool:
        return any(note.startswith("worst part") for note in Contents(one, wide=wide).notes())

    parts = _parts(front, "minimize")
    assert has_note(parts, wide=False)
    assert not has_note(parts, wide=True) and not has_note(front, wide=False)


def test_what_a_survey_predicted_stands_in_the_wide_table_alone() -> None:
    points = tuple(
        make_point(number, 2.4 + number / 10, predicted=Losses(text=number / 8), scores={"quality": 2.4 + number / 10})
        for number in range(1, 6)
    )
    full = make_baseline(predicted=Losses(text=0.0), scores={"quality": 2.4})
    front = make_front(points=points, baselines=(full,))
    wide, narrow = Contents(front, wide=True), Contents(front, wide=False)
    place = wide.headings().index(("predicted over full", "(bits per byte)"))
    assert [row.numbers[place] for row in wide.points()] == ["+0.125", "+0.250", "+0.375", "+0.500", "+0.625"]
    assert any("Kendall's tau 1.00 over 5 patterns" in note for note in wide.notes())
    assert not any("predicted" in text for heading in narrow.headings() for text in (*heading, *narrow.notes()))
