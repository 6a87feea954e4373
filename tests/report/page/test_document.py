"""The page of a study: whole, offline, light, and proof against what a stranger writes into a study."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nas.costs.counting import cost_with_ratio
from nas.costs.target import proxy_target
from nas.patterns.label import label
from nas.report.page.document import report_html
from nas.results.fidelity import RungAgreement
from nas.results.front import Contender, ExtraTask, Front
from nas.results.insight import Insight, Level, ParameterEffect, Prediction
from nas.results.trial import TrialState
from tests.fronts import make_agreement, make_baseline, make_fidelity, make_front, make_pattern, make_point, make_trial
from tests.records import make_insight, make_record, trained_trial
from tests.result_strategies import TRIALS, fronts

HOSTILE = """<script>boom()</script>"'></style></script><img src=x onerror=boom()>{{ 7 * 7 }}"""


class Reader(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def _hostile_record():
    """A study with markup in every text that it holds."""
    name = HOSTILE
    score = replace(make_front().scores[0], unit=name, task=name)
    objectives = tuple(replace(one, unit=name) if not one.is_cost else one for one in make_front().objectives)
    front = make_front(
        study=name,
        versions={name: name},
        scores=(score,),
        objectives=objectives,
        baselines=(
            make_baseline(baseline=name),
            make_baseline(3, baseline="bigbird", values={}, state=TrialState.FAILED),
        ),
        fidelity=make_fidelity(),
    )
    provenance = replace(
        front.provenance,
        task=name,
        target=name,
        sampler=name,
        extra_tasks={name: ExtraTask(task_fingerprint="", corpus_hash=None, num_tokens=1)},
    )
    trials = [
        trained_trial(0, 2.6, 2.5, 2.4, baseline=name),
        trained_trial(1, 2.6, 2.5, 2.3, params={name: name}),
        trained_trial(2, 2.6, 2.5),
        make_trial(3, TrialState.FAILED, reason=name, baseline="bigbird"),
    ]
    effects = (ParameterEffect(name=name, share=0.5, levels=(Level(name=name, mean=2.3, num_trials=1),)),)
    return make_record(
        replace(front, provenance=provenance),
        trials,
        argument=name,
        settings={"space": {"attribute": name}},
        insight=make_insight(effects=effects, unit=name),
    )


def test_what_a_study_says_is_text_and_never_markup():
    plain, hostile = Reader(report_html(make_record())), Reader(report_html(_hostile_record()))
    assert len(hostile.all("script")) == len(plain.all("script")) == 1
    assert not any(image["src"] == "x" for image in hostile.all("img"))
    for _, attributes in hostile.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert HOSTILE not in (attributes.get("style") or "")
    assert hostile.text.count(HOSTILE) > 10, "every text is there as it is"
    assert hostile.text.count(";boom") == 0 and "49" not in hostile.text.split("docs/patterns.md")[-1]


def test_only_the_page_s_own_script_may_run():
    page = report_html(_hostile_record())
    [policy] = [one["content"] for one in Reader(page).all("meta") if one.get("http-equiv")]
    assert "default-src 'none'" in policy and re.search(r"script-src 'sha256-[\w+/]{43}=';", policy)


def test_nothing_is_fetched():
    page = report_html(make_record())
    links = [one[name] for _, one in Reader(page).elements for name in ("src", "href") if name in one]
    assert {link.partition(":")[0] if ":" in link else link[:1] for link in links} == {"data", "#"}
    assert not re.search(r"url\(|@import|https?://", page)


def test_every_point_and_baseline_is_drawn_and_named():
    front = make_front(points=(make_point(4, 2.1), make_point(7, 2.2, flops=0.3)))
    reader = Reader(report_html(make_record(front)))
    buttons = {one["data-trial"]: one for one in reader.all("button") if "point" in (one.get("class") or "").split()}
    assert buttons.keys() == {"0", "4", "7"}
    assert "2.102" in buttons["4"]["aria-label"], "its estimate"
    cards = {one["id"] for one in reader.all("article")}
    assert cards == {"trial-0", "trial-4", "trial-7"}
    assert sum(image["src"].startswith("data:image/png;base64,") for image in reader.all("img")) == 3
    assert reader.text.count(label(front.points[0].pattern)) > 3


def test_a_stopped_trial_is_drawn_at_its_forecast():
    trials = [trained_trial(0, 2.6, 2.5, 2.4), trained_trial(1, 2.6, 2.5, 2.3), trained_trial(2, 2.6, 2.5)]
    known = make_record(trials=trials, insight=make_insight(forecasts={2: 2.35}))
    stopped = [one for one in Reader(report_html(known)).all("button") if "stopped" in (one.get("class") or "").split()]
    assert [one["data-trial"] for one in stopped] == ["2"] and "2.35" in stopped[0]["aria-label"]
    unknown = make_record(trials=trials)
    assert "point stopped" not in report_html(unknown), "a score of an earlier rung compares with none of the last"


def test_a_study_with_everything_in_it_has_every_picture():
    fidelity = make_fidelity()
    fidelity = replace(fidelity, rungs=(RungAgreement(num_steps=100, num_trials=8, tau={"quality": 0.4}),))
    front = make_front(fidelity=fidelity, contenders=(Contender(trial=2, front_probability=0.3, forecast=True),))
    predictions = tuple(Prediction(trial=n, predicted=2.3, measured=2.2 + n / 10) for n in range(6))
    insight = make_insight(predictions=predictions, accuracy=make_agreement())
    text = report_html(make_record(front, insight=insight))
    for title in ("By trial", "By cost", "Short runs against long ones", "How well the model predicts", "Its curve"):
        assert f"<figcaption>{title}</figcaption>" in text


def test_a_search_for_a_target_shows_both_forms():
    proxy = make_point(4, 2.1).pattern
    target = replace_layers(proxy, 4)
    point = make_point(4, 2.1, pattern=target, pattern_id=target.id, proxy_pattern=proxy)
    text = Reader(report_html(make_record(make_front(points=(point,))))).text
    assert label(target) in text and label(proxy) in text and "trained as" in text


def test_costs_at_other_lengths_are_of_the_model_that_the_study_counted_for():
    pattern = make_pattern()
    cost, ratio = cost_with_ratio(pattern, proxy_target(num_layers=1, num_heads=2, num_tokens=256))
    point = make_point(4, 2.1, cost=cost, ratio_to_full=ratio)
    reader = Reader(report_html(make_record(make_front(points=(point,)))))
    assert reader.text.count("Cost at other lengths") == 1, "what the baseline is said to cost, its pattern does not"
    assert "16,384" in reader.text


def replace_layers(pattern, num_layers):
    return type(pattern).of([layer.heads for layer in pattern.layers] * num_layers)


@pytest.mark.parametrize("trials", [None, ()])
def test_a_study_without_a_front_has_a_page(trials):
    front = make_front(points=(), baselines=(), hypervolume_by_trial=())
    assert "there is no front" in report_html(make_record(front, trials))


@given(fronts(), st.lists(TRIALS, max_size=3, unique_by=lambda trial: trial.number))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_any_front_has_a_page(front: Front, trials):
    front = replace(front, provenance=replace(front.provenance, num_tokens=64, pattern_tokens=64))
    insight = Insight(
        score=front.scores[0].name if front.scores else "", unit="", effects=(), predictions=(), accuracy=None
    )
    page = report_html(make_record(front, trials, insight=insight))
    assert page.rstrip().endswith("</html>")


def test_two_hundred_trials_are_less_than_three_megabytes():
    points = tuple(make_point(100 + n, 2.3 - n / 100, 0.1 + n / 50, 0.1 + n / 50) for n in range(40))
    front = make_front(points=points, hypervolume_by_trial=tuple((n, n / 200) for n in range(200)))
    trials = [trained_trial(n, 2.6, 2.5, *[2.9 - n / 400] * (n % 3 > 0)) for n in range(200)]
    assert len(report_html(make_record(front, trials)).encode()) < 3_000_000
