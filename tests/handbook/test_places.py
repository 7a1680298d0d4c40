"""Errors, findings and notices name pages of the handbook that exist."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import watchdog
from tests.handbook.reference.notices import FOUND, OWN, OWN_PLACES, TOPIC_PLACES
from tests.support.clocks import FakeClock
from tests.support.failing_channel import Vendor
from watchdog.daemon.integrations.annotating_notifier import AnnotatingNotifier, handbook_page
from watchdog.docs import headings, page
from watchdog.docs.places import (
    ANSWERS,
    API,
    CHECKS,
    COMMANDS,
    CONFIGURATION,
    ERRORS,
    NOTICES,
    OF_COMMANDS,
    OWN_NOTICES,
    ROLES,
    SIGN_IN,
    VARIABLES,
    place_of_check,
    place_of_error,
)
from watchdog.domain import errors
from watchdog.domain.commands.command_line import PLACES as SPELLINGS
from watchdog.domain.commands.command_table import ROWS
from watchdog.domain.integrations import KINDS
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity

PACKAGE = Path(watchdog.__file__).parent
NAMED = {COMMANDS, CONFIGURATION, VARIABLES, OWN_NOTICES, FOUND, ROLES, API, SIGN_IN}
PLACES = {
    *OF_COMMANDS.values(),
    *NAMED,
    *ERRORS.values(),
    *OWN_PLACES.values(),
    *ANSWERS.values(),
    *CHECKS.values(),
    *TOPIC_PLACES.values(),
}
SELF_ALERT = Notice(1.0, "blind", "watchdog", Severity.HIGH, NoticeKind.SELF_ALERT, "watchdog is blind", ("Why.",))


@pytest.mark.parametrize("place", sorted(PLACES))
def test_a_named_place_exists(place: str) -> None:
    name, _, anchor = place.partition("#")
    found = page(name)
    assert found is not None
    assert not anchor or anchor in {one.anchor for one in headings(found.text)}


def test_each_command_has_the_place_of_its_refusals() -> None:
    """Every row of the command table, and no other."""
    assert set(ANSWERS) == {one.name for one in ROWS}


def conditions() -> set[str]:
    """Return the conditions of the notices that the source sends to the operators, where they are literals."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="notify_operators"), args=[_, ast.Constant(value=str(name)), *_]):
                    found.add(name)
                case ast.Call(func=ast.Name(id="Notice"), keywords=keywords):
                    given = {one.arg: one.value.value for one in keywords if isinstance(one.value, ast.Constant)}
                    if given.get("service") == "watchdog" and "incident" in given:
                        found.add(str(given["incident"]))
    return found


def test_every_notice_about_the_watchdog_is_in_the_reference_and_has_its_page() -> None:
    sent = conditions()
    assert sent == set(NOTICES) - set(KINDS)
    assert sent | {"digest", "good news", "announcement", "follow-ups", "drill"} == set(OWN)


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (errors.ConfigurationError((errors.Mistake("web", "unknown"),)), COMMANDS),
        (errors.ConfigurationError((errors.Mistake("a.yaml:1", "unknown"),), place=CONFIGURATION), CONFIGURATION),
        (errors.MissingPermission("no", "deploys"), "secrets"),
        (errors.Refused("no"), "on-call"),
        (errors.Gone("no"), ERRORS[errors.Permanent]),
        (errors.Withdrawn("no"), ""),
    ],
)
def test_an_error_has_the_place_that_it_names_or_that_of_its_kind(error: errors.WatchdogError, place: str) -> None:
    assert place_of_error(error) == place


def test_a_command_on_a_database_has_its_own_page() -> None:
    """For what it refuses or cannot do; what concerns the store or the configuration keeps its place."""
    assert set(OF_COMMANDS) <= {words.split()[0] for words in SPELLINGS.values()}
    kinds = (errors.Refused, errors.Permanent, errors.OutcomeUnknown)
    assert [place_of_error(kind("no"), "database") for kind in kinds] == ["database"] * 3
    for other in (errors.Outdated("no"), errors.Temporary("no"), errors.ConfigurationError(())):
        assert place_of_error(other, "database") == place_of_error(other)


def test_a_finding_has_the_place_of_its_subject() -> None:
    named = [place_of_check(name) for name in ("render key", "console.oidc", "signal web/home")]
    assert named == ["secrets#render", "console", CONFIGURATION]


@pytest.mark.parametrize(
    ("notice", "url", "last"),
    [
        (SELF_ALERT, "", "Handbook: watchdog docs reference-notices"),
        (SELF_ALERT, "https://dog.acme.example/", f"Handbook: https://dog.acme.example/help/{OWN_NOTICES}"),
        (replace(SELF_ALERT, incident="platform/render"), "", "Handbook: watchdog docs reference-notices"),
        (replace(SELF_ALERT, incident="upgrade", kind=NoticeKind.UPDATED), "", "Handbook: watchdog docs operation"),
        (replace(SELF_ALERT, incident="announcement-3", kind=NoticeKind.UPDATED), "https://dog.acme.example", "Why."),
        (replace(SELF_ALERT, kind=NoticeKind.RESOLVED), "", "Why."),
        (replace(SELF_ALERT, service="web"), "", "Why."),
    ],
)
async def test_a_notice_about_the_watchdog_ends_with_its_page(notice: Notice, url: str, last: str) -> None:
    """The command, or the console's address; an all-clear and a service's notice have none."""
    kept = Vendor("slack", FakeClock())
    channel = AnnotatingNotifier(kept, [handbook_page(lambda: url)])
    assert await channel.send(notice, "r") == f"after {notice.title}" and await channel.check() == ""
    await channel.close()
    assert kept.notices[-1].lines[-1] == last and kept.took == [(notice.title, "r")]
