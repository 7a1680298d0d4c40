"""Mistakes that newcomers make: each is answered with its place and its cure, and editors see most of them."""

import pytest

from tests.settings.mistake_table import MISTAKES, NO_YAML, SEEN, UNSEEN, Slip
from tests.settings.texts import ALL_SECRETS, SMALL, loaded, mistakes, refusals, shown


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_answered_with_its_place_and_its_cure(mistake: Slip) -> None:
    """No secret is repeated, and YAML's own words for a syntax error are not shown."""
    found = [one for one in mistakes(mistake.text, ALL_SECRETS) if one.where == f"watchdog.yaml:{mistake.line}"]
    assert [one for one in found if mistake.instead in one.instead], shown(mistake.text, ALL_SECRETS)
    assert "CANARY" not in shown(mistake.text, ALL_SECRETS)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_an_editor_sees_it_if_it_can(mistake: Slip) -> None:
    if mistake.editor != NO_YAML:
        assert bool(refusals(mistake.text)) == (mistake.editor == SEEN)


def test_an_editor_sees_most_of_them() -> None:
    assert len(MISTAKES) >= 47 and sum(mistake.editor == UNSEEN for mistake in MISTAKES) <= 5


def test_text_for_people_and_of_the_site_may_look_like_a_variable() -> None:
    """Nothing fills it in, and nothing needs to."""
    text = SMALL.replace("render: srv-web", 'render: srv-web\n    title: "Costs ${x}"', 1)
    text += 'silences:\n  - {service: web, every: "Sun 02:00-03:00 UTC", author: a, reason: "the ${name} bug"}\n'
    assert loaded(text).policy.services["web"].title == "Costs ${x}"
