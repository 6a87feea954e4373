"""The rounds of a search in which several trials are proposed at once."""

from cohorts import Rounds

from nas.results.trial import Trial, TrialState


def trial(number: int, baseline: str | None = None) -> Trial:
    return Trial(number=number, state=TrialState.FINISHED, baseline=baseline, pattern=None, cost=None, measurements=())


def sizes(rounds: Rounds, num_trials: int) -> list[int]:
    """The rounds of a search whose trials are all known before the next round."""
    rounds.trial_finished(trial(1000, "full"))
    found: list[int] = []
    while (known := sum(found)) < num_trials:
        found.append(min(rounds.cohort_size, num_trials - known))
        for number in range(known, known + found[-1]):
            rounds.trial_advanced(trial(number))
            rounds.trial_finished(trial(number))
    return found


def test_rounds_of_one_size() -> None:
    assert sizes(Rounds(16, 24), 24) == [16, 8]


def test_rounds_that_grow_with_what_is_known() -> None:
    assert sizes(Rounds(16, 24, known=0.5), 24) == [4, 4, 4, 6, 6]
    assert max(sizes(Rounds(16, 100, known=0.5), 100)) == 16


def test_rounds_that_shrink_with_what_is_left() -> None:
    assert sizes(Rounds(16, 24, left=0.25), 24) == [6, 4, 3, 2, 2] + [1] * 7
