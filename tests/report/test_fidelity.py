"""What a table says of its own ranking, before it shows it."""

from nas.report.fidelity import fidelity_lines
from nas.report.front_table import front_lines

PATTERNS = [{"trial": number, "short": 2.0, "long": 1.8, "forecast": number in (2, 3)} for number in range(6)]


def judged(front, **more):
    own = {
        "patterns": PATTERNS,
        "tau": 0.87,
        "tau_low": 0.47,
        "tau_high": 1.0,
        "tau_between_seeds": 0.73,
        "regret_of_best": 0.004,
        "chance": 0.01,
        "better_than_chance": True,
        "moved": [],
    }
    return front | {"fidelity": {"times": 4, "objectives": {"quality": own | more}}}


def test_a_ranking_that_holds_says_how_well(front):
    assert fidelity_lines(judged(front)) == [
        "Quality: this ranking agrees at tau 0.87 (95% 0.47 to 1.00, by chance 0.01; seeds of the long runs agree at "
        "0.73) with that of 6 patterns (2 of them stopped by halving) after 4 times the training; "
        "its best choice loses 0.004 bits per byte."
    ]


def test_a_ranking_that_may_be_chance_says_that_first(front):
    poor = judged(
        front, tau=0.1, tau_low=-0.6, tau_high=0.8, chance=0.4, better_than_chance=False, tau_between_seeds=None
    )
    title, first, *_ = front_lines(poor)
    assert title.startswith("Pareto front of")
    assert first.startswith(
        "Quality: THIS RANKING CANNOT BE TOLD FROM CHANCE: tau 0.10 (95% -0.60 to 0.80, by chance 0.40) with"
    )


def test_what_is_not_known_is_not_claimed(front):
    (line,) = fidelity_lines(judged(front, tau=None, tau_low=None, tau_high=None, better_than_chance=False))
    assert "is not known" in line


def test_a_study_that_was_not_judged_says_so(front):
    (line,) = fidelity_lines(front | {"fidelity": None})
    assert line.startswith("Fidelity: off.")


def test_points_that_will_move_are_named_those_beside_the_front_are_not(front):
    moved = [{"trial": 14, "from": 2, "to": 5}, {"trial": 99, "from": 9, "to": 1}]
    assert fidelity_lines(judged(front, moved=moved))[1:] == [
        "Quality: after 4 times the training these are forecast to move: 14 (2 to 5)."
    ]


def test_points_that_had_not_converged_are_counted(front):
    for point in front["points"]:
        point["converged"] = None
    front["points"][0]["converged"] = False
    assert fidelity_lines(judged(front))[-1].startswith(f"1 of {len(front['points'])} points had not converged")
