import os
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nas.redact import REDACTED, redact, redact_text

# The patterns as they were first written, readable but quadratic: the oracle of those in nas/redact.py.
PASSWORD_IN_URL = re.compile(r"([a-z][a-z0-9+.-]*://)\S*@", re.IGNORECASE)
ASSIGNMENT = re.compile(
    r"((?:api[_-]?key|credentials?|passphrase|passwd|password|secret|\b(?:\w*_)?(?:key|pwd|token))\s*[=:]\s*)[^\s&;,]+",
    re.IGNORECASE,
)
SECRET_NAME = re.compile(
    r"(?:api_?key|credentials?|passphrase|passwd|password|secret|(?:^|[\W_])(?:auth|key|pwd|token))$", re.IGNORECASE
)
FRAGMENTS = [
    *(
        "a",
        "Z",
        "7",
        "+",
        ".",
        "-",
        "_",
        "é",
        "\u017f",
        "\u212a",
        "İ",
        "(",
        "%",
        "://",
        ":/",
        "@",
        "=",
        ":",
        " ",
        "\n",
        "\t",
    ),
    *("&", ";", ",", "key", "TOKEN", "secret", "api", "Api_Key", "passwd", "credential", "auth", "pwd", "x_"),
]
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join)
LONG = 2**20


@pytest.fixture
def no_environment(monkeypatch):
    """The patterns alone: no secret of the machine that runs the tests."""
    for name in os.environ:
        if SECRET_NAME.search(name):
            monkeypatch.delenv(name)


@pytest.mark.usefixtures("no_environment")
class TestPatterns:
    @settings(derandomize=True, deadline=None, max_examples=500)
    @given(text=TEXTS)
    @example(text="1+a-b://x://y@z@ k://@")
    @example(text="my_x_key : \n a;b")
    def test_text_is_redacted_as_by_the_quadratic_patterns(self, text):
        by_oracle = ASSIGNMENT.sub(rf"\1{REDACTED}", PASSWORD_IN_URL.sub(rf"\1{REDACTED}@", text))
        assert redact_text(text) == by_oracle

    @settings(derandomize=True, deadline=None, max_examples=200)
    @given(name=TEXTS.filter(lambda text: "." not in text))
    def test_names_are_judged_as_by_the_first_pattern(self, name):
        assert (redact("x", name) == REDACTED) == bool(SECRET_NAME.search(name))

    @settings(derandomize=True, deadline=None, max_examples=200)
    @given(text=TEXTS)
    def test_what_is_redacted_stays_as_it_is(self, text):
        assert redact_text(redact_text(text)) == redact_text(text)

    @pytest.mark.parametrize("repeated", ["a", "a1", "a://", "://@ ", "key", "key "])
    @pytest.mark.parametrize(("before", "after"), [("", "!://@"), ("key", "&"), ("key=", "&")])
    def test_a_long_text_takes_work_in_proportion(self, repeated, before, after):
        """With the quadratic patterns, several of these texts run into the deadline of every test."""
        text = before + repeated * (LONG // len(repeated)) + after
        assert isinstance(redact_text(text), str)
        assert redact({text: 1}).keys() == {text}


@pytest.mark.parametrize(
    "name", ["password", "api_key", "wandb.apiKey", "DB_PASSWORD", "access-token", "client_secret", "auth", "key"]
)
def test_values_under_a_secret_name_go(name):
    assert redact({name: "swordfish", "also": {name: 12345}}) == {name: REDACTED, "also": {name: REDACTED}}


@pytest.mark.parametrize("name", ["num_tokens", "task.num_tokens", "token_shift", "num_kv_heads", "monkey", "author"])
def test_counts_and_ordinary_names_stay(name):
    assert redact({name: 128}) == {name: 128}


@pytest.mark.parametrize("value", [None, True, [], [0, 1, 4], [0.5], [False, True]])
def test_switches_and_lists_of_numbers_stay_under_any_name(value):
    assert redact({"options": {"global_token": value}}) == {"options": {"global_token": value}}


@pytest.mark.parametrize("value", ["x", 12345, ["x", 1], {"value": "x"}])
def test_everything_else_goes_under_a_secret_name(value):
    assert redact({"options": {"api_key": value}}) == {"options": {"api_key": REDACTED}}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("postgresql+psycopg://me:hun/ter@2@db/nas", f"postgresql+psycopg://{REDACTED}@db/nas"),
        ("failed: password=hunter2, retrying", f"failed: password={REDACTED}, retrying"),
        ("https://host/x?api_key=hunter2&page=3", f"https://host/x?api_key={REDACTED}&page=3"),
        ("layers[0].heads[1].count: must be 1 or more, got 0.", "layers[0].heads[1].count: must be 1 or more, got 0."),
        ("https://host/path", "https://host/path"),
    ],
)
def test_credentials_inside_text_go_and_the_rest_stays(text, left):
    assert redact_text(text) == left


def test_secrets_of_the_environment_go_wherever_they_stand(monkeypatch):
    monkeypatch.setenv("HUB_TOKEN", "correct-horse")
    assert redact(["see correct-horse/data"]) == [f"see {REDACTED}/data"]


def test_the_current_folder_is_no_secret(monkeypatch):
    monkeypatch.setenv("PWD", "/home/me/study")
    assert redact_text("cannot write /home/me/study/wandb") == "cannot write /home/me/study/wandb"


def test_the_original_is_never_changed():
    original = {"password": "x", "nested": {"list": ["password=x"]}}
    redact(original)
    assert original == {"password": "x", "nested": {"list": ["password=x"]}}


@pytest.mark.usefixtures("no_environment")
def test_the_password_of_an_address_in_the_environment_goes_wherever_it_stands(monkeypatch):
    monkeypatch.setenv("NAS_STORAGE", "postgresql://team:plant%3Aed-secret@db.example/nas")
    assert redact_text("FATAL: plant:ed-secret, plant%3Aed-secret of team") == f"FATAL: {REDACTED}, {REDACTED} of team"
    monkeypatch.setenv("NAS_STORAGE", "postgresql://team@db.example/nas")
    assert redact_text("team at db.example") == "team at db.example"
