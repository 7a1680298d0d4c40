"""A deploy that breaks the checkout of the sandbox's shop while all that is asked beside it answers 200.

The real daemon over real HTTP: the journey alone sees it; on its evidence the deploy is rolled back, and the recovery
is proved.
"""

from pathlib import Path

import pytest

from tests.support.daemon_processes import SHORT, Daemon, guarding
from watchdog.sandbox import keys
from watchdog.sandbox.config_file import ORDER, SHOP_VARIABLE
from watchdog.sandbox.site.shop import CHECKOUT

pytestmark = pytest.mark.long

EVENTS = "      events: {render_events: default}\n"
BROKEN = {"kind": "wrong_body", "after_seconds": 0.0, "routes": [CHECKOUT]}
REASON = 'step 4 of 4 (order): body lacks "Thank you"'


def readings(daemon: Daemon, signal: str, outcome: str) -> float:
    """Return how many readings of a signal of web ended so."""
    return daemon.metric("watchdog_probe_total", service="web", signal=signal, outcome=outcome)


def test_the_journey_alone_sees_a_broken_checkout_and_it_is_rolled_back(tmp_path: Path) -> None:
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        journey = ORDER.replace("SITE", cloud.urls["site"]).replace("every: 5s", "every: 1s")
        secret = f"{SHOP_VARIABLE}={keys.SHOP_PASSWORD}\n"
        cloud.write(replace={EVENTS: EVENTS + journey}, more=SHORT, secrets=secret)
        daemon.start().until_watching()
        daemon.until(lambda: readings(daemon, "order", "good") >= 3)
        assert readings(daemon, "order", "bad") == 0, "the good version passes"

        cloud.bad_deploy(behaviour=BROKEN)
        assert daemon.until_story("CLOSED").startswith("rolled back and verified: order: ")
        assert [one["target"] for one in cloud.log("rollback_accepted")] == ["dep-40"]

        assert {status for *_, status in cloud.hits()} == {200, 303}, "no page ever failed by its status"
        others = ("home", "api", "errors", "events")
        assert [readings(daemon, one, "bad") for one in others] == [0.0] * len(others)
        assert readings(daemon, "home", "good") > 0 and readings(daemon, "order", "bad") > 0
        assert REASON in " ".join(daemon.cli("explain", "web-1").stdout.split())
        assert keys.SHOP_PASSWORD not in daemon.words()
