"""Sentry in `watchdog check --live`: token, project, and whether a release is a commit of ours."""

from typing import Any

import pytest

from tests.adapters.vendor import Vendor
from tests.settings.texts import SMALL, loaded
from tests.settings.vendors import KEY, by_name, configuration, platform_of, say_render
from tests.support.clocks import FakeClock
from watchdog.settings import Settings
from watchdog.settings.check.check import CheckOutcome, CheckResult
from watchdog.settings.check.check_sentry import check_sentry

SECRETS = {**KEY, "WATCHDOG_SENTRY_TOKEN": "canary-token"}
ORGANISATION = {"slug": "acme", "access": ["org:read", "event:read", "project:read"]}
ELSEWHERE = {**ORGANISATION, "links": {"regionUrl": "https://de.sentry.io"}}


def watched(vendor: Vendor) -> Settings:
    """Return settings with a sentry signal whose releases are commits."""
    text = configuration(vendor)
    home = f"{{http: {vendor.url}/home}}"
    assert home in text
    errors = '\n      errors: {sentry: acme/web, release: "{commit}"}'
    return loaded(text.replace(home, home + errors), SECRETS)


async def asked(vendor: Vendor, *, with_key: bool = True, organisation: Any = ORGANISATION) -> dict[str, CheckResult]:
    """Ask the fake Sentry (and the fake Render for the live commit, bbb)."""
    vendor.say("GET", "/api/0/organizations/acme/", organisation)
    settings = watched(vendor)
    say_render(vendor)
    return by_name(await check_sentry(settings, FakeClock(), platform_of(settings) if with_key else None))


async def test_a_token_that_can_read_and_a_release_that_is_live(vendor: Vendor) -> None:
    """Nothing is asked when nothing uses Sentry; without Render the live commit is not known."""
    assert await check_sentry(loaded(SMALL, SECRETS), FakeClock(), None) == []
    vendor.say("GET", "/api/0/projects/acme/web/", {"slug": "web", "latestRelease": {"version": "bbb"}})
    found = await asked(vendor)
    assert {result.outcome for result in found.values()} == {CheckOutcome.OK}
    assert list(found) == ["sentry acme", "sentry acme/web", "sentry release of web"]
    assert vendor.count("GET") == len(vendor.seen)
    result = (await asked(vendor, with_key=False))["sentry release of web"]
    assert (result.outcome, result.what) == (CheckOutcome.WARN, "the live commit is not known")


@pytest.mark.parametrize(
    ("organisation", "outcome", "what", "fix"),
    [
        ((401, {"detail": "Invalid token"}), CheckOutcome.FAIL, "", "internal integration"),
        (
            {"access": ["org:ci"]},
            CheckOutcome.FAIL,
            "lacks org:read, project:read, event:read",
            "WATCHDOG_SENTRY_TOKEN",
        ),
        (ELSEWHERE, CheckOutcome.WARN, "another region", "endpoints: {sentry: https://de.sentry.io}"),
        ([], CheckOutcome.OK, "works", ""),
    ],
)
async def test_a_token_that_cannot_do_its_job(
    vendor: Vendor, organisation: Any, outcome: CheckOutcome, what: str, fix: str
) -> None:
    """Found before the night it is needed; its value is not shown."""
    result = (await asked(vendor, organisation=organisation))["sentry acme"]
    assert result.outcome is outcome and what in result.what and fix in result.fix and "canary" not in str(result)


async def test_a_project_that_is_not_there(vendor: Vendor) -> None:
    result = (await asked(vendor))["sentry acme/web"]
    assert result.outcome is CheckOutcome.FAIL and "services.web" in result.fix


@pytest.mark.parametrize(
    ("answer", "outcome", "what"),
    [
        ({"version": "bbb"}, CheckOutcome.OK, "knows the live release bbb"),
        ((404, {"detail": "The requested resource does not exist"}), CheckOutcome.WARN, "knows no release bbb"),
        ((403, {"detail": "no"}), CheckOutcome.FAIL, ""),
        ((503, {}), CheckOutcome.WARN, ""),
    ],
)
async def test_a_release_that_is_not_the_newest_is_asked_for(
    vendor: Vendor, answer: Any, outcome: CheckOutcome, what: str
) -> None:
    """Without it, new errors could not be blamed on a deploy."""
    vendor.say("GET", "/api/0/projects/acme/web/", {"slug": "web", "latestRelease": {"version": "aaa"}})
    vendor.say("GET", "/api/0/organizations/acme/releases/bbb/", answer)
    result = (await asked(vendor))["sentry release of web"]
    assert result.outcome is outcome and what in result.what
