"""How everything that is relied on stands: by its parts, by what it last did, and by its silence."""

import pytest

from tests.support.clocks import FakeClock
from watchdog.daemon.integrations.registry import IntegrationRegistry
from watchdog.domain.errors import Forbidden, Permanent, Temporary
from watchdog.domain.integrations import CURES, KINDS, Integration, Standing
from watchdog.domain.readings import Bad, Good, Unknown, Unread


@pytest.fixture
def kept(clock: FakeClock) -> IntegrationRegistry:
    return IntegrationRegistry(clock)


def only(kept: IntegrationRegistry) -> Integration:
    (one,) = kept.rows()
    return one


def test_what_nobody_used_yet_speaks_for_nothing(kept: IntegrationRegistry, clock: FakeClock) -> None:
    kept.expect("channel", "slack")
    assert only(kept) == Integration("channel", "slack", Standing.UNTRIED, clock.now()) and only(kept).cure == ""


@pytest.mark.parametrize(
    ("error", "standing"),
    [
        (Temporary("Render answered 502"), Standing.FAILING),
        (Permanent("Render answered 404"), Standing.FAILING),
        (Forbidden("Render refused our key (401)"), Standing.REFUSED),
    ],
)
def test_a_call_that_fails_is_noted_with_why_and_since_when(
    kept: IntegrationRegistry, clock: FakeClock, error: Exception, standing: Standing
) -> None:
    """And passed on; since when it lasts does not move with the next failure, and ends with a success."""
    with kept.attempt("platform", "Render", "web"):
        clock.freeze(10)
    worked = clock.now()
    for _ in range(2):
        clock.freeze(5)
        with pytest.raises(type(error)), kept.attempt("platform", "Render", "web"):
            raise error
    one = only(kept)
    assert (one.standing, one.why, one.parts) == (standing, str(error), ("web",))
    assert (one.since, one.ok_at) == (worked + 5, worked)
    with kept.attempt("platform", "Render", "web"):
        pass
    assert only(kept).standing is Standing.OK and only(kept).since == clock.now()


def test_a_failure_that_changes_its_cause_goes_on(kept: IntegrationRegistry, clock: FakeClock) -> None:
    """A key that is refused after an outage: it has not worked since the outage began."""
    for error in (Temporary("Render answered 502"), Forbidden("Render refused our key (401)")):
        clock.freeze(5)
        kept.fails("platform", "Render", error=error)
    assert (only(kept).standing, only(kept).since) == (Standing.REFUSED, clock.now() - 5)


def test_what_answers_about_one_thing_only_is_not_failing(kept: IntegrationRegistry) -> None:
    """A commit that GitHub does not know; a token that it refuses is another matter."""
    with pytest.raises(Permanent), kept.attempt("repository", "GitHub", answers=Permanent):
        raise Permanent("GitHub answered 404")
    assert kept.rows() == []
    with pytest.raises(Forbidden), kept.attempt("repository", "GitHub", answers=Permanent):
        raise Forbidden("GitHub refused our key (401)")
    assert only(kept).standing is Standing.REFUSED


@pytest.mark.parametrize(
    ("reading", "standing"),
    [
        (Good("HTTP 200"), Standing.OK),
        (Bad("HTTP 503"), Standing.OK),
        (Unknown("HTTP 429", Unread.TURNED_AWAY), Standing.TURNED_AWAY),
        (Unknown("refused", Unread.REFUSED), Standing.REFUSED),
        (Unknown("lists no component", Unread.SHAPE), Standing.SHAPE),
        (Unknown("did not answer"), Standing.FAILING),
    ],
)
def test_any_evidence_is_good_whatever_it_says(kept: IntegrationRegistry, reading: object, standing: Standing) -> None:
    kept.read("probes", "web", "home", reading)  # type: ignore[arg-type]
    assert only(kept).standing is standing


def test_one_eye_is_enough_and_one_deaf_feed_is_not(kept: IntegrationRegistry) -> None:
    """Probes stand as their best part does, everything else as its worst; the parts are those it is about."""
    gone, good = Unknown("HTTP 429", Unread.TURNED_AWAY), Good()
    kept.read("probes", "web", "home", gone)
    kept.read("probes", "web", "api", good)
    assert (only(kept).standing, only(kept).parts) == (Standing.OK, ("api",))
    kept.read("probes", "web", "api", gone)
    assert (only(kept).standing, only(kept).parts) == (Standing.TURNED_AWAY, ("home", "api"))
    kept.forget("probes", "web", "home")
    kept.forget("probes", "web", "api")
    kept.read("feed", "sentry", "web/errors", good)
    kept.read("feed", "sentry", "shop/errors", Unknown("refused", Unread.REFUSED))
    assert (only(kept).standing, only(kept).parts) == (Standing.REFUSED, ("shop/errors",))


def test_it_fails_since_its_first_part_and_is_shut_since_its_last(kept: IntegrationRegistry, clock: FakeClock) -> None:
    """Of two that are read through one, and of two eyes."""
    began = clock.now()
    for part in ("a", "b"):
        kept.read("feed", "sentry", part, Unknown("no answer"))
        kept.read("probes", "web", part, Unknown("HTTP 429"))
        clock.freeze(10)
    since = {one.kind: one.since for one in kept.rows()}
    assert since == {"feed": began, "probes": began + 10}


@pytest.mark.parametrize(
    ("every_seconds", "quiet_seconds", "before"), [(30.0, 90, Standing.OK), (2.0, 60, Standing.UNTRIED)]
)
def test_what_says_nothing_for_three_times_its_interval_is_silent(
    kept: IntegrationRegistry, clock: FakeClock, every_seconds: float, quiet_seconds: float, before: Standing
) -> None:
    """Since it was heard last: no event tells of a probe that is always void, or never made. A minute is no silence."""
    kept.expect("probes", "web", "home", every_seconds=every_seconds)
    heard = clock.now()
    if before is Standing.OK:
        kept.read("probes", "web", "home", Good())
    clock.freeze(quiet_seconds)
    assert only(kept).standing is before
    clock.freeze(1)
    one = only(kept)
    assert (one.standing, one.since, one.why) == (Standing.SILENT, heard, "nothing was read of it")
    kept.read("probes", "web", "home", Good())
    assert (only(kept).standing, only(kept).since) == (Standing.OK, clock.now())


def test_a_kind_without_a_row_in_the_table_cannot_be_relied_on(kept: IntegrationRegistry) -> None:
    """So that none comes without its consequence and its cure."""
    with pytest.raises(AssertionError, match="no row"):
        kept.expect("fax", "office")


@pytest.mark.parametrize("standing", [one for one in Standing if not one.works])
@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_says_what_follows_and_what_to_do(kind: str, standing: Standing) -> None:
    """However it fails; a refusal is told sooner, as it does not heal."""
    one = Integration(kind, "it", standing, 0.0, parts=("web", "shop"))
    assert one.title.endswith(" it") and one.consequence and one.cure
    assert "{" not in one.consequence and one.patience_seconds <= (60.0 if standing is Standing.REFUSED else 300.0)
    assert standing in CURES
