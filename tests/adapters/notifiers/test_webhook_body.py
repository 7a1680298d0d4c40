"""The webhook's bodies: the documented one, and the user's template, which only known fields can enter."""

import json
import re
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.notifiers.letters import notice, plain_notice
from tests.presentation.notices import QUESTION, an_outage, read
from tests.settings.texts import ALL_SECRETS, SMALL, mistakes, refusals, shown
from watchdog.adapters.notifiers import webhook_body
from watchdog.adapters.notifiers.webhook import WebhookOptions
from watchdog.adapters.notifiers.webhook_body import FIELDS, MAX_FIELD, as_json, filled
from watchdog.domain.notices import Link, Topic

DEEP: Any = "x"
for _ in range(20):
    DEEP = [DEEP]
REFUSED = {
    "an unknown field": {"text": "$titel"},
    "an unknown field deep inside": {"a": [{"b": "${secret}"}]},
    "an attribute": {"text": "${title.__class__}"},
    "a lonely dollar sign": {"text": "5 $"},
    "a date of YAML": {"when": __import__("datetime").date(2026, 1, 1)},
    "a number that JSON has not": {"n": float("nan")},
    "a key that is no text": {1: "x"},
    "too many texts": {"all": ["x"] * 201},
    "too deep": {"deep": DEEP},
}


def with_body(template: str) -> str:
    return SMALL.replace("console: {}", f"webhook: {{body: {template}}}")


@pytest.mark.parametrize("what", REFUSED)
def test_a_template_that_could_not_be_filled_is_refused(what: str) -> None:
    with pytest.raises(ValidationError):
        WebhookOptions.model_validate({"body": REFUSED[what]})


def test_a_template_passes_the_schema_or_the_mistake_names_its_place_and_the_fields() -> None:
    """The text itself is not repeated: it may hold a secret by mistake."""
    text = with_body('{text: "$title $$5", embeds: [{n: 1, ok: true, none: null}]}')
    assert mistakes(text, ALL_SECRETS) == () and refusals(text) == []
    said = shown(with_body('{text: "$titel canary-cccccccccccc"}'), ALL_SECRETS)
    assert "channels.webhook.body" in said and "write one of $title, $news" in said and "canary" not in said


def test_a_template_keeps_all_but_its_texts() -> None:
    template = {"$title": "$$5 for $service", "n": [1, 2.5, True, None, {"deep": "${severity}!"}]}
    assert filled(template, notice()) == {"$title": "$5 for web", "n": [1, 2.5, True, None, {"deep": "critical!"}]}


@pytest.mark.parametrize(
    ("said", "made"),
    [
        ("@here <@U012AB3CD> <!channel>", "＠here ‹＠U012AB3CD› ‹!channel›"),
        ("[click](https://evil.example)", "(click)(https://evil.example)"),
        ('"}, {"text": "$severity ${x}', '"}, {"text": "$severity ${x}'),
        ("mail ops@acme.example", "mail ops@acme.example"),
        ("oops.@here x@everyone", "oops.＠here x＠everyone"),
    ],
)
def test_a_stranger_s_words_stay_words_in_a_chat(said: str, made: str) -> None:
    """No mention, no link under another name, no second substitution, no end of the text."""
    assert filled({"text": "$title|$news"}, notice(title=said, lines=(said,))) == {"text": f"{made}|{made}"}


def test_a_field_holds_whole_lines() -> None:
    """A chat refuses a message that is too long: the rest stands in the incident."""
    told = notice(lines=tuple(f"{number} {'x' * 400}" for number in range(30)))
    (text,) = filled({"text": "$news"}, told).values()
    assert len(text) <= MAX_FIELD and [line[0] for line in text.split("\n")] == ["0", "1", "2"]


def test_every_field_is_empty_rather_than_wrong_for_people_outside_engineering() -> None:
    told = replace(plain_notice(), links=(Link("dashboard", "https://dashboard.example"),))
    said = filled({name: f"${name}" for name in FIELDS}, told)
    assert {name for name, value in said.items() if value} == {"title", "news", "kind", "key"}


def keys_of(piece: Any) -> Any:
    """Return the shape of a body: its keys; of a list, the shape of its first item."""
    if isinstance(piece, dict):
        return {key: keys_of(value) for key, value in piece.items()}
    return [keys_of(one) for one in piece[:1]] if isinstance(piece, list) else type(piece).__name__


def page() -> str:
    return files("watchdog.docs").joinpath("integrations.md").read_text(encoding="utf-8")


def test_the_handbook_shows_every_field_of_a_body_and_of_a_template() -> None:
    section = page().partition("## Webhook")[2].partition("\n## ")[0]
    (example,) = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    told = read(an_outage(), Topic.FOUND, **QUESTION)
    said = json.loads(example)
    body = as_json(replace(told, links=(Link("incident", "https://a.example"),), todo=()))
    assert list(said) == list(body)
    assert list(said["facts"]) == list(body["facts"]) and list(said["facts"]["next"]) == list(body["facts"]["next"])
    assert set(re.findall(r"`\$(\w+)`", section)) == set(webhook_body.FIELDS)
