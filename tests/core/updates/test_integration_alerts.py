"""What is relied on and does not work: told once, with what follows and the cure, and once when it works again."""

from dataclasses import replace

from tests.core.scenes import HISTORY
from tests.core.world import World, make_policy
from tests.core.worlds import hear
from tests.support.effect_readers import lines, tell_of
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.integrations import Failing, Integration, Standing
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import ServicePolicy

REFUSED = Integration("platform", "Render", Standing.REFUSED, 0.0, why="Render refused our key (401)", parts=("web",))
FEED = Integration("feed", "sentry", Standing.FAILING, 0.0, why=REFUSED.why, parts=("web/errors",))


def a_world() -> World:
    """Return a world with one service, and people to be told."""
    return World(make_policy(), list(HISTORY))


def judged(world: World, one: Integration) -> tuple[fx.Effect, ...]:
    """Let the core hear how it stands."""
    return hear(world, e.IntegrationJudged(world.now, replace(one, since=world.now - 60.0)))


def test_it_is_told_once_with_what_follows_and_the_cure() -> None:
    """However often it is looked at; its people are woken where a rollback depends on it. It can be shown later."""
    world = a_world()
    effects = judged(world, REFUSED)
    notice = tell_of(effects).notice
    assert notice.title == "watchdog: the platform Render: refused for 60 s"
    assert notice.lines[0] == "Why: Render refused our key (401)"
    assert notice.lines[1] == "Consequence: a bad deploy of web is only paged, not rolled back."
    assert "WATCHDOG_RENDER_API_KEY" in notice.lines[2]
    assert notice.kind is NoticeKind.SELF_ALERT and notice.wakes and notice.incident == "platform/Render"
    assert lines(effects, "NOTIFIED") == ["pager (page): the platform Render: refused for 60 s"]
    ((key, failing),) = world.state.failing.items()
    assert isinstance(failing, Failing) and failing.integration(key) == replace(REFUSED, since=world.now - 60.0)
    before = world.state
    assert not judged(world, REFUSED) and not judged(world, replace(REFUSED, standing=Standing.FAILING))
    assert world.state is before, "nothing new, and nothing to be written"


def test_what_can_wait_wakes_nobody() -> None:
    """A feed: its service is still watched by its probes."""
    notice = tell_of(judged(a_world(), FEED)).notice
    assert notice.kind is NoticeKind.SELF_ALERT and not notice.wakes
    for seconds, lasted in ((0.9, ""), (1.0, " for 1 s")):
        world = a_world()
        effects = hear(world, e.IntegrationJudged(world.now, replace(FEED, since=world.now - seconds)))
        assert tell_of(effects).notice.title == f"watchdog: the feed sentry: failing{lasted}"


def test_two_that_fail_for_the_same_reason_end_one_by_one() -> None:
    """That another feed of the same tracker works says nothing of this one."""
    world = a_world()
    tell_of(judged(world, REFUSED))
    tell_of(judged(world, FEED))
    well = replace(FEED, standing=Standing.OK)
    assert not judged(world, replace(well, parts=("web/crashes",)))
    assert set(world.state.failing) == {"platform/Render", "feed/sentry"}
    assert tell_of(judged(world, well)).notice.kind is NoticeKind.RESOLVED
    assert set(world.state.failing) == {"platform/Render"}


def test_its_end_is_told_once() -> None:
    """To those who heard of it; nobody else needs it."""
    world = a_world()
    well = replace(REFUSED, standing=Standing.OK, why="")
    assert not judged(world, well)
    judged(world, REFUSED)
    notice = tell_of(judged(world, well)).notice
    assert (notice.kind, notice.incident) == (NoticeKind.RESOLVED, "platform/Render")
    assert notice.title == "watchdog: the platform Render: works again after 60 s"
    assert notice.lines == ("It was refused: Render refused our key (401)",)
    assert not world.state.failing and not judged(world, well)


def test_each_worker_calls_well_what_it_sees_and_the_last_one_says_that_it_is_over() -> None:
    """Two workers read other services through it; a service that is watched no more holds nothing up."""
    world = a_world()
    judged(world, REFUSED)
    more = replace(REFUSED, parts=("web", "shop", "gone"))
    assert not judged(world, more) and world.state.failing["platform/Render"].parts == ("web", "shop", "gone")
    world.policy = replace(world.policy, services={**world.policy.services, "shop": ServicePolicy("shop", "srv-shop")})
    well = replace(REFUSED, standing=Standing.OK)
    assert not judged(world, replace(well, parts=("api",)))
    assert world.state.failing["platform/Render"].parts == ("web", "shop"), "one is known no more"
    assert not judged(world, well) and world.state.failing["platform/Render"].parts == ("shop",)
    before = world.state
    assert not judged(world, well) and world.state is before
    assert tell_of(judged(world, replace(well, parts=("shop",))))
    assert not world.state.failing


def test_a_refusal_after_a_lesser_failure_is_told_as_well() -> None:
    """One service was not found for weeks; now the key is refused for all."""
    world = a_world()
    judged(world, replace(REFUSED, standing=Standing.FAILING, why="404"))
    notice = tell_of(judged(world, replace(REFUSED, parts=("shop",)))).notice
    assert "refused" in notice.title and world.state.failing["platform/Render"].parts == ("web", "shop")
    assert not judged(world, REFUSED) and not judged(world, replace(REFUSED, standing=Standing.FAILING))


def test_what_is_configured_no_more_is_over_and_says_so() -> None:
    """A channel was taken out; of a blind worker that is gone see test_blind_workers."""
    world = a_world()
    judged(world, Integration("channel", "slack", Standing.FAILING, 0.0, why="down"))
    notice = tell_of(judged(world, Integration("channel", "slack", Standing.UNTRIED, 0.0))).notice
    assert notice.title == "watchdog: the channel slack: relied on no more after 60 s"


def test_what_a_newer_version_relies_on_can_be_shown() -> None:
    """It runs beside us for a while, and knows more kinds and standings."""
    one = Failing(1.0, "melted", "it is hot").integration("oven/kitchen")
    assert (one.title, one.standing) == ("oven kitchen", Standing.FAILING) and one.consequence and one.cure


def test_shut_eyes_are_not_told_while_we_are_blind() -> None:
    """That is told already; of one service alone they are, and so is everything else."""
    world = a_world()
    shut = Integration("probes", "web", Standing.TURNED_AWAY, 0.0, why="HTTP 429", parts=("home",))
    world.state = replace(world.state, blind_since=world.now)
    assert not judged(world, shut) and tell_of(judged(world, FEED))
    world.state = replace(world.state, blind_since=None)
    notice = tell_of(judged(world, shut)).notice
    assert notice.wakes and notice.lines[1] == "Consequence: an outage of web is not noticed."
    assert tell_of(judged(world, replace(shut, standing=Standing.OK, parts=("api",)))), "another eye is enough"


def test_the_record_has_it_where_no_one_is_told() -> None:
    """Nobody configured: at least a line."""
    world = a_world()
    world.policy = replace(world.policy, alerts=())
    (line,) = lines(judged(world, REFUSED), "NOTIFIED")
    assert line == "no channel configured (page): the platform Render: refused for 60 s"
