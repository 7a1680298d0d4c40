"""YAML with lines: broken, doubled, hostile."""

import pytest

from watchdog.settings.text.yaml_document import dotted, parse, show_key


def test_every_key_and_item_has_its_line() -> None:
    document = parse("a:\n  b: {c: 1,\n    d: 2}\n  e:\n    - x\n    - y\n", "f")
    assert document.lines[("a", "b", "d")] == 3 and document.lines[("a", "e", 1)] == 6
    assert document.where(("a", "b", "absent", 3)) == "f:2" and document.where() == "f:1"
    assert document.at(("a", "e", 1)) == "y" and document.at(("a", "e", "q")) is None
    assert document.keys("a", "b") == ("c", "d")


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
)
"""Nine levels of nine: a billion values in a few lines."""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1, 2\nb: 3", "f:2: not valid YAML"),
        ("a: 1\n\tb: 2", "f:2: not valid YAML"),
        ("a: *CANARY", "f:1: not valid YAML"),
        ("a: !!python/object:CANARY x", "f:1: not valid YAML"),
        ("a: 'CANARY", "f:1: not valid YAML"),
        ('a: "\\q CANARY"', "f:1: not valid YAML"),
        ("a: 1\nb: \x01CANARY", "f:2: not valid YAML: unreadable characters"),
        ("a: 1\n---\nb: 2", "f:2: not valid YAML"),
        ("a: 1\nb: 2\na: CANARY", "f:3: a: written twice (first on line 1)"),
        ("on: 1", "f:1: top level: a key must be text"),
        ("s: {1: x}", "f:1: s: a key must be text"),
        ("? [a]\n: b", "f:1"),
        ("x: &a [*a]", "f:1"),
        ("a: " + "[" * 40 + "]" * 40, "f:1: nested too deeply"),
        (BOMB, "too many values"),
    ],
)
def test_broken_yaml_is_located_and_not_repeated(text: str, says: str) -> None:
    """PyYAML's own text shows the line, which may hold a secret: ours does not."""
    document = parse(text, "f")
    all_said = "\n".join(map(str, document.mistakes))
    assert says in all_said and "CANARY" not in all_said


@pytest.mark.parametrize(
    "secret",
    [
        "https://hooks.slack.com/services/T0/B0/CANARY",
        "xoxb-1-CANARY",
        "rnd_CANARY",
        "sntrys_CANARY",
        "https://user:CANARY@metrics.example/write",
        "https://hc-ping.com/CANARY",
        "https://CANARY@o1.ingest.us.sentry.io/2",
    ],
)
def test_secrets_in_the_file_are_refused_wherever_they_stand(secret: str) -> None:
    document = parse(f"channels:\n  slack:\n    - {{x: '{secret}'}}\n", "f")
    (mistake,) = document.mistakes
    assert mistake.where == "f:3" and "WATCHDOG_SLACK_WEBHOOK_URL" in mistake.instead
    assert "CANARY" not in str(mistake)


def test_a_key_that_may_be_a_secret_is_not_shown() -> None:
    """The user forgot the colon's left side."""
    assert show_key("render") == "render" and show_key("https://hooks.slack.com/services/x") == "***"
    assert show_key("x" * 41) == "***"
    assert show_key("R0A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5") == "***", "a routing key of PagerDuty has no mark"
    assert show_key("0f8fad5b-d9cb-469f-a165-70867728950e") == "***"
    assert show_key("acme-checkout-service-2024") == "acme-checkout-service-2024"
    assert dotted(("a", "rnd_abcdef", 0)) == "a.***[0]"
