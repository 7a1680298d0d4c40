"""Each thing that the watchdog relies on fails for ten minutes: who is told, when, with what cure. Silence nowhere.

A whole daemon in simulated time; made up are the readings, the platform's answers and the channels' vendors.
"""

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import FACTS, HISTORY
from tests.support.simulated_daemon import Guarded, Site, guarding
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import Forbidden, Misshapen, MissingPermission, Permanent, Temporary
from watchdog.domain.integrations import Standing
from watchdog.domain.policy import ServicePolicy, SignalPolicy, VendorPolicy
from watchdog.domain.readings import Unknown, Unread
from watchdog.ports import ClockReading

LASTS_SECONDS = 600.0


class Cloud:
    """The platform: it lists one good deploy, or raises what the test set."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.tells = FACTS
        self.lists = HISTORY[:1]
        self.ahead_seconds: float | None = 1.4
        self.answers = 0

    @property
    def clock(self) -> ClockReading | None:
        """What the last answer told of our clock; each list is one."""
        return None if self.ahead_seconds is None else ClockReading(self.ahead_seconds, float(self.answers))

    async def facts(self, service_id: str) -> ServiceFacts:
        if self.error is not None:
            raise self.error
        return self.tells

    async def deploys(self, service_id: str, back_to: str | None = None) -> Sequence[Deploy]:
        self.answers += 1
        return self.lists

    async def close(self) -> None:
        """Nothing to close."""


class Relying(Guarded):
    """A daemon that relies on everything: three services, a feed, a status page, the platform, two channels."""

    def __init__(self) -> None:
        home = (SignalPolicy("home", "http", critical=True), SignalPolicy("errors", "sentry", every_seconds=60.0))
        services = {
            "web": ServicePolicy("web", "srv-web", signals=home),
            "shop": ServicePolicy("shop", None, signals=home),
            "club": ServicePolicy("club", None, signals=(SignalPolicy("order", "http", True, source="journey"),)),
        }
        vendors = {"render": VendorPolicy("render", "platform")}
        super().__init__(("slack", "pager"), replace(guarding("slack", "pager"), services=services, vendors=vendors))
        self.cloud, self.page = Cloud(), Site("render", kind="vendor_status", every_seconds=60.0, adaptive=False)
        self.feed = Site("errors", kind="sentry", every_seconds=60.0, adaptive=False)
        self.journey = Site("order", kind="journey", adaptive=False)
        self.platform = self.cloud  # type: ignore[assignment]
        self.sources |= {
            VENDORS: [self.page],
            "web": [self.site, self.feed],
            "shop": [Site("home")],
            "club": [self.journey],
        }


@asynccontextmanager
async def relying() -> AsyncIterator[Relying]:
    world = Relying()
    await world.begin()
    await world.go_on(130)
    assert not world.kinds("slack")
    yield world
    assert await world.daemon.supervisor.stop(5.0) == () and world.errors == []


def reads(place: str, cause: Unread) -> Callable[[Relying], None]:
    """Have a source bring no evidence, for that reason."""

    def do(world: Relying) -> None:
        getattr(world, place).reading = Unknown("so it says", cause)

    return do


def answers(error: Exception | None = None, **otherwise: Any) -> Callable[[Relying], None]:
    """Have the platform raise that, or tell otherwise from now on."""

    def do(world: Relying) -> None:
        vars(world.cloud).update(error=error, **otherwise)

    return do


def tells(auto_deploy: str) -> Callable[[Relying], None]:
    """Have the platform tell that of auto-deploy ("unknown": it leaves that out)."""
    return answers(tells=replace(FACTS, auto_deploy=auto_deploy))


lists_a_new_status = answers(lists=[replace(HISTORY[0], status="promoted")])
"""Has the platform list its newest deploy with a status that it did not have before."""


def hangs(world: Relying) -> None:
    """Have the probes of web never come back."""
    world.daemon.scheduler._services["web"]["home"].removed = True


PAGE, INFO = True, False
LACKS = MissingPermission("Render answered 403: the key lacks the permission deploys: read", "deploys: read")
CLOCK, UNTOLD = f"clock/{socket.gethostname()}", "value/auto-deploy setting, which it does not report"
TABLE = [
    ("probes turned away", reads("site", Unread.TURNED_AWAY), "probes/web", Standing.TURNED_AWAY, 150.0, PAGE),
    ("a journey turned away", reads("journey", Unread.TURNED_AWAY), "probes/club", Standing.TURNED_AWAY, 150.0, PAGE),
    ("probes unread", reads("site", Unread.OTHER), "probes/web", Standing.FAILING, 150.0, PAGE),
    ("probes silent", hangs, "probes/web", Standing.SILENT, 150.0, PAGE),
    ("the key refused", answers(Forbidden("refused our key (401)")), "platform/Render", Standing.REFUSED, 60.0, PAGE),
    ("a permission missing", answers(LACKS), "platform/Render", Standing.REFUSED, 60.0, PAGE),
    ("the API down", answers(Temporary("answered 502")), "platform/Render", Standing.FAILING, 300.0, PAGE),
    ("a value that is not told", tells("unknown"), UNTOLD, Standing.SHAPE, 300.0, INFO),
    ("a new way to deploy", tells("onTag"), "value/auto-deploy setting 'onTag'", Standing.SHAPE, 300.0, INFO),
    ("a new status", lists_a_new_status, "value/deploy status 'promoted'", Standing.SHAPE, 300.0, INFO),
    (
        "the API of unknown shape",
        answers(Misshapen("lists a deploy without status")),
        "platform/Render",
        Standing.SHAPE,
        300.0,
        PAGE,
    ),
    ("our clock ahead", answers(ahead_seconds=31.0), CLOCK, Standing.FAILING, 300.0, PAGE),
    ("our clock behind", answers(ahead_seconds=-3600.0), CLOCK, Standing.FAILING, 300.0, PAGE),
    ("a service gone", answers(Permanent("answered 404")), "platform/Render", Standing.FAILING, 300.0, PAGE),
    ("the feed's token refused", reads("feed", Unread.REFUSED), "feed/sentry", Standing.REFUSED, 60.0, INFO),
    ("the feed down", reads("feed", Unread.OTHER), "feed/sentry", Standing.FAILING, 300.0, INFO),
    ("the feed of unknown shape", reads("feed", Unread.SHAPE), "feed/sentry", Standing.SHAPE, 300.0, INFO),
    ("the status page down", reads("page", Unread.OTHER), "status page/render", Standing.FAILING, 300.0, INFO),
    ("the status page anew", reads("page", Unread.SHAPE), "status page/render", Standing.SHAPE, 300.0, INFO),
]


@pytest.mark.parametrize(
    ("do", "key", "standing", "after", "wakes"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
async def test_case_44_what_is_relied_on_and_fails_is_told_once(
    do: Callable[[Relying], None], key: str, standing: Standing, after: float, wakes: bool
) -> None:
    """Not before its patience, soon after it; on every channel for alerts, with the cure; and shown meanwhile."""
    async with relying() as world:
        do(world)
        began = world.clock.now()
        await world.go_on(LASTS_SECONDS)
        told = [notice for notice in world.vendors["slack"].notices if "/" in notice.incident]
        (notice,) = told
        assert notice.incident == key and standing.value in notice.title and notice.wakes is wakes
        assert after <= notice.at - began + 60.0 and notice.at - began <= after + 160.0, "a feed is read once a minute"
        assert notice.lines[-2].startswith("What to do: ") and notice.lines[-1].startswith("Handbook: ")
        assert len(notice.lines) == 4 + ("…" in notice.title), "a title that was shortened is whole in a first line"
        assert [one.title for one in world.vendors["pager"].notices if "/" in one.incident] == [notice.title]
        assert list(world.daemon.engine.state.failing) == [key]
        (row,) = [one for one in world.daemon.integrations.rows() if one.key == key]
        assert row.standing is standing and row.cure and row.consequence
        assert any(row.title in line for line in world.daemon.health.degraded())
        assert world.daemon.health.not_ready() == []


async def test_case_44_when_it_works_again_that_is_told_once() -> None:
    async with relying() as world:
        world.cloud.error = Forbidden("refused our key (401)")
        await world.go_on(120)
        world.cloud.error = None
        await world.go_on(300)
        kinds = [notice.kind.value for notice in world.vendors["slack"].notices]
        assert kinds == ["self_alert", "resolved"] and not world.daemon.engine.state.failing


async def test_case_49_a_clock_that_is_set_right_is_told_once() -> None:
    """A little off is well; one answer that says otherwise is no proof; nor is what the last one said, for ever."""
    async with relying() as world:
        world.cloud.ahead_seconds = 29.0
        await world.go_on(LASTS_SECONDS)
        world.cloud.ahead_seconds = 40.0
        await world.go_on(20)
        world.cloud.error = Temporary("answered 502")
        await world.go_on(280)
        assert [one.incident for one in world.vendors["slack"].notices if "/" in one.incident] == []
        world.cloud.error, world.cloud.ahead_seconds = None, 40.0
        await world.go_on(LASTS_SECONDS)
        world.cloud.ahead_seconds = None
        await world.go_on(LASTS_SECONDS)
        kinds = [one.kind.value for one in world.vendors["slack"].notices if one.incident == CLOCK]
        assert kinds == ["self_alert"] and CLOCK in world.daemon.engine.state.failing
        world.cloud.ahead_seconds = -2.0
        await world.go_on(LASTS_SECONDS)
        kinds = [one.kind.value for one in world.vendors["slack"].notices if one.incident == CLOCK]
        assert kinds == ["self_alert", "resolved"] and not world.daemon.engine.state.failing


async def test_case_44_an_unknown_value_hides_no_outage_of_the_platform() -> None:
    """Both are told, each once, and each once when it is over."""
    async with relying() as world:
        lists_a_new_status(world)
        await world.go_on(LASTS_SECONDS)
        world.cloud.error = Temporary("answered 502")
        await world.go_on(LASTS_SECONDS)
        world.cloud.error, world.cloud.lists = None, HISTORY[:1]
        await world.go_on(LASTS_SECONDS)
        told = [(one.incident, one.kind.value) for one in world.vendors["slack"].notices]
        value, platform = "value/deploy status 'promoted'", "platform/Render"
        assert told[:2] == [(value, "self_alert"), (platform, "self_alert")]
        assert sorted(told[2:]) == [(platform, "resolved"), (value, "resolved")]


async def test_case_44_a_channel_that_refuses_is_told_on_the_other() -> None:
    """Its token was revoked: found with the next notice, which another one brings; and who reads that learns why."""
    async with relying() as world:
        world.vendors["slack"].refuses = lambda notice: Forbidden("Slack refused chat.postMessage: token_revoked")
        world.cloud.error = Forbidden("refused our key (401)")
        await world.go_on(LASTS_SECONDS)
        keys = [notice.incident for notice in world.vendors["pager"].notices]
        assert keys == ["platform/Render", "channel/slack"]


async def test_case_44_one_notice_that_a_channel_refuses_says_nothing_against_the_channel() -> None:
    """It is tried again and again, and everything else arrives: no alert about the channel, let alone many."""
    async with relying() as world:
        world.vendors["slack"].refuses = lambda notice: (
            Permanent("Slack refused chat.postMessage: invalid_blocks") if notice.service == "web" else None
        )
        world.break_site()
        await world.go_on(3 * LASTS_SECONDS)
        assert [one.incident for one in world.vendors["pager"].notices if "/" in one.incident] == []


async def test_case_44_a_channel_that_refuses_one_incident_after_another_is_told_on_the_other() -> None:
    """For good, and not as our key is refused: each notice may be refused for its own text, not all of them."""
    async with relying() as world:
        world.vendors["slack"].refuses = lambda notice: Permanent("Slack answered 400: invalid_payload")
        world.cloud.error = Forbidden("refused our key (401)")
        world.break_site()
        await world.go_on(3 * LASTS_SECONDS)
        assert "channel/slack" in [notice.incident for notice in world.vendors["pager"].notices]


async def test_case_44_one_failed_call_of_what_is_called_rarely_is_no_outage() -> None:
    """GitHub did not answer once, and was not asked again."""
    async with relying() as world:
        world.daemon.integrations.fails("repository", "GitHub", error=Temporary("GitHub answered 502"))
        await world.go_on(LASTS_SECONDS)
        assert not world.kinds("slack") and not world.vendors["slack"].notices


async def test_case_44_a_service_that_is_watched_no_more_is_not_missed() -> None:
    """A reload took it out: its probes are not silent, they are gone."""
    async with relying() as world:
        left = {name: one for name, one in world.policy.services.items() if name != "shop"}
        world.daemon.engine.policy = replace(world.policy, services=left)
        await world.daemon.watches.again(["web", CONTROL, VENDORS])
        await world.go_on(LASTS_SECONDS)
        assert not world.vendors["slack"].notices
        assert "probes/shop" not in [one.key for one in world.daemon.integrations.rows()]


async def test_case_44_what_is_taken_out_while_it_fails_is_over() -> None:
    """The status page that never answered was removed from the configuration."""
    async with relying() as world:
        reads("page", Unread.OTHER)(world)
        await world.go_on(LASTS_SECONDS)
        assert list(world.daemon.engine.state.failing) == ["status page/render"]
        await world.daemon.watches.end([VENDORS])
        await world.go_on(30)
        assert not world.daemon.engine.state.failing
        assert (
            world.vendors["slack"]
            .notices[-1]
            .title.startswith("watchdog: the status page of render: relied on no more")
        )
