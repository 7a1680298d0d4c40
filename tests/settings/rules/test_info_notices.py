"""Good news and the weekly digest in the configuration: their channels, and contradictions."""

import pytest

from tests.settings.texts import SMALL, loaded, shown
from watchdog.domain.policy import Digest, Moment
from watchdog.settings.text.redacted_view import shown as rows
from watchdog.settings.text.summary import report

ALL = SMALL + "  slack: {}\n  pagerduty: {}\n  tickets: {github: acme/app}\n"
SECRETS = {
    "WATCHDOG_SLACK_WEBHOOK_URL": "https://hooks.example/x",
    "WATCHDOG_PAGERDUTY_ROUTING_KEY": "x",
    "WATCHDOG_GITHUB_TOKEN": "x",
}
DIGEST = "digest: {every: Mon 09:00 Europe/Berlin, tell: [slack, console]}\n"


def test_what_is_written_is_what_is_meant() -> None:
    """In the policy, in `check` and, in the same words, on the settings page."""
    page = "status_pages: {shop: {title: Shop, services: [web]}}\nannouncements: {tell: [console]}\n"
    settings = loaded(ALL + "good_news: {tell: [slack]}\n" + DIGEST + page, SECRETS)
    assert settings.policy.good_news == ("slack",) and settings.policy.announcements == ("console",)
    assert settings.policy.digest == Digest(Moment(0, 540, "Europe/Berlin"), ("slack", "console"))
    told = {"good_news": "slack", "announcements": "console", "digest": "Mon 09:00 Europe/Berlin, to slack, console"}
    assert {f"{name}: {words}" for name, words in told.items()} <= set(report(settings))
    assert told.items() <= dict(dict(rows(settings))["Notices"]).items()


def test_nobody_gets_them_who_did_not_ask() -> None:
    settings = loaded(SMALL)
    assert settings.policy.good_news == () and settings.policy.digest is None
    assert not any("digest" in line or "went well" in line for line in report(settings))
    shown_ones = dict(dict(rows(settings))["Notices"])
    assert (shown_ones["good_news"], shown_ones["digest"]) == ("none", "none")
    text = SMALL.partition("channels:")[0] + "good_news: {tell: [console]}\n"
    assert loaded(text).policy.good_news == ("console",)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("good_news: {}", "good_news.tell: missing"),
        ("good_news: {tell: []}", "good_news.tell: names no channel -> name a channel, or remove good_news:"),
        ("good_news: {tell: [slak]}", "good_news.tell[0]: names no configured channel -> did you mean slack?"),
        ("good_news: {tell: [email]}", "good_news.tell[0]: names no configured channel"),
        ("good_news: {tell: [slack, slack]}", "good_news.tell[1]: names a channel twice -> keep one"),
        ("good_news: {tell: [pagerduty]}", "good_news.tell[0]: impossible: in pagerduty it would stay open until a "),
        ("good_news: {tell: [pagerduty]}", "until a person closes it -> write one of: console, slack"),
        ("good_news: {tell: [tickets]}", "good_news.tell[0]: impossible: in tickets it would stay open"),
        ("announcements: {tell: [slack]}", "announcements: there is no public status page to announce on"),
        ("announcements: {tell: [pagerduty]}", "announcements.tell[0]: impossible: in pagerduty it would stay open"),
        ("good_news: {every: 1h, tell: [slack]}", "good_news.every: unknown key"),
        ("digest: {tell: [slack]}", "digest.every: missing"),
        ("digest: {every: Mon 09:00 UTC}", "digest.tell: missing"),
        ("digest: {every: weekly, tell: [slack]}", "digest.every: not a moment of the week -> write Mon 09:00 Europe"),
        ("digest: {every: 'Mon 09:00 UTC', tell: [pagerduty]}", "digest.tell[0]: impossible"),
        ("digest: [slack]", "digest: "),
    ],
)
def test_what_cannot_be_meant_is_one_mistake_each(more: str, says: str) -> None:
    text = shown(ALL + more + "\n", SECRETS)
    assert says in text and {line.partition(" ")[0] for line in text.splitlines()} == {text.partition(" ")[0]}
