"""Perception: the healthy record, corroboration, what is fresh."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import HISTORY, NOW, a_service, an_incident, failing, found
from tests.core.world import make_policy
from watchdog.core.detect import probes
from watchdog.core.fold import observations, unread
from watchdog.domain.checks import Check, Served, SlowAnswers
from watchdog.domain.events import Observed
from watchdog.domain.incidents import Phase, ServiceState
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, MinuteCount, Unknown

POLICY = make_policy()
WEB = POLICY.services["web"]


def with_signals(*signals: SignalPolicy) -> object:
    """Return the policy with these signals of `web`."""
    return replace(POLICY, services={"web": replace(WEB, signals=signals)})


def looked(service: ServiceState, *readings: tuple[float, object], signal: str = "home") -> ServiceState:
    """Fold readings of a signal in, at seconds after NOW."""
    for at, reading in readings:
        event = Observed(NOW + at, "web", signal, reading, 0.1)
        service = observations.apply_observation(service, event, POLICY)
    return service


CALM = ServiceState("web", live="dep-41", watching_since=NOW)


def test_readings_of_a_signal_add_up() -> None:
    """In a check that bears its name and kind; of one that a reload took away nothing is changed at all."""
    check = looked(CALM, (0.0, Bad("HTTP 503")), (1.0, Bad("HTTP 503"))).checks["home"]
    assert (check.name, check.kind, check.run_probes) == ("home", "http", 2)
    service = a_service()
    assert observations.apply_observation(service, Observed(NOW, "web", "gone", Bad("HTTP 503")), POLICY) is service


def test_which_version_answered_is_folded_in() -> None:
    """Of each reading that names one, and of failing ones that name none, once one was named."""
    service = looked(CALM, (0.0, Good()), (1.0, Bad("HTTP 502")))
    assert service.checks["home"].served == ()
    named = Observed(NOW + 2.0, "web", "home", Good(), 0.1, version="aaaaaaa1")
    unnamed = ((3.0, Good()), (3.5, Unknown("limited")), (4.0, Bad("HTTP 502")))
    service = looked(observations.apply_observation(service, named, POLICY), *unnamed)
    of_none = Served("", NOW + 4.0, NOW + 4.0, (NOW + 4.0,))
    assert service.checks["home"].served == (Served("aaaaaaa1", NOW + 2.0, NOW + 2.0), of_none)


@pytest.mark.parametrize(
    ("readings", "record"),
    [
        pytest.param("0 5", {}, id="not ten seconds yet"),
        pytest.param("0 5 10 20", {"dep-41": 20.0}, id="in steps of ten seconds"),
        pytest.param("0 10 20 25 35", {"dep-41": 35.0}, id="unbroken"),
        pytest.param("0 10 15x 20 25 35", {"dep-41": 25.0}, id="a bad reading begins anew"),
        pytest.param("0 10 15? 20 25 35", {"dep-41": 25.0}, id="an unknown one as well"),
        pytest.param("0 61", {}, id="more than a minute without a look"),
        pytest.param("0 60", {"dep-41": 60.0}, id="a minute"),
    ],
)
def test_only_unbroken_health_counts(readings: str, record: dict) -> None:
    """From the first good reading on; in another phase, or where no deploy is live, nothing is added."""
    kinds = {"x": Bad("HTTP 503"), "?": Unknown("void")}
    seen = [(float(one.rstrip("x?")), kinds.get(one[-1], Good())) for one in readings.split()]
    assert looked(CALM, *seen).observed_healthy_seconds == record
    assert looked(CALM, *seen[:1]).healthy_at == NOW
    suspect = replace(looked(CALM, (0.0, Good())), phase=Phase.SUSPECT)
    assert looked(suspect, (10.0, Good())).healthy_at is None
    assert looked(replace(CALM, live=None), *seen).observed_healthy_seconds == {}


def test_critical_checks_speak_for_health_or_all_of_them() -> None:
    """A slow API does not hide that the critical route is well; without a critical one all must be."""
    service = looked(CALM, (0.0, Good()))
    service = looked(service, (1.0, Bad("HTTP 500")), signal="api")
    assert looked(service, (10.0, Good())).observed_healthy_seconds == {"dep-41": 10.0}
    equal = with_signals(SignalPolicy("home", "http"), SignalPolicy("api", "latency"))
    for event in (Observed(NOW, "web", "home", Good()), Observed(NOW + 10, "web", "home", Good())):
        service = observations.apply_observation(service, event, equal)
    assert service.healthy_at is None


def test_the_record_is_bounded_and_keeps_the_latest() -> None:
    """Fifty deploys; the live one goes to the end."""
    record = {f"dep-{number}": 1.0 for number in range(50)}
    service = replace(CALM, observed_healthy_seconds=record, healthy_at=NOW - 20, live="dep-0")
    service = looked(service, (0.0, Good()))
    assert len(service.observed_healthy_seconds) == 50 and list(service.observed_healthy_seconds)[-1] == "dep-0"
    service = replace(service, live="dep-new", healthy_at=NOW)
    service = looked(service, (10.0, Good()))
    assert len(service.observed_healthy_seconds) == 50 and "dep-1" not in service.observed_healthy_seconds


def test_a_check_whose_kind_changed_with_the_configuration_begins_anew() -> None:
    """What was counted as another kind of signal means nothing now."""
    policy = with_signals(SignalPolicy("home", "sentry"))
    service = a_service(checks={"home": failing()})
    event = Observed(NOW, "web", "home", Good(), counts=(MinuteCount(NOW - 90, 60.0, 1.0),))
    check = observations.apply_observation(service, event, policy).checks["home"]
    assert (check.kind, check.run_probes, len(check.counts)) == ("sentry", 0, 1)


# --- judging ---


@pytest.mark.parametrize(
    ("crashes", "share"),
    [
        ((-85, 0), 4e-4),
        ((-85.1, 0), 0.02),
        ((-80, -5), 4e-4),
        ((-80, -10, -5, -3), 8e-6),
        ((-5,), 0.02),
        ((-5, 1), 0.02),
        ((), 1.0),
    ],
)
def test_crash_reports_around_the_run_corroborate_it(crashes: tuple[float, ...], share: float) -> None:
    """From a minute before the run until now; each makes a blip less likely, old ones do not count.

    Of those within five seconds one counts: one cause may have ended several instances.
    """
    events = Check("events", "render_events", crashes=tuple((NOW + at, "crashed") for at in crashes))
    service = a_service(checks={"home": failing(seconds=25), "events": events})
    assert observations.conditions(service, "home", POLICY, NOW).blip_share == pytest.approx(share)
    assert bool(observations.findings(service, POLICY, NOW)) is (share <= 4e-4)
    for checks in ({"home": Check("home", "http"), "events": events}, {"events": events}):
        assert observations.conditions(a_service(checks=checks), "home", POLICY, NOW).blip_share == 1.0


@pytest.mark.parametrize(("watch", "share"), [(1.0, 0.02), (0.0, 4e-4)])
def test_a_crash_of_the_code_before_a_deploy_does_not_corroborate_its_failure(watch: float, share: float) -> None:
    """While the deploy is watched, its own crashes count alone."""
    deploy = replace(HISTORY[0], update_seen_at=NOW - 40)
    events = Check("events", "render_events", crashes=((NOW - 41, "crashed"), (NOW - 30, "crashed")))
    checks = {"home": failing(seconds=25), "events": events}
    service = a_service(checks=checks, deploys=(deploy, *HISTORY[1:]), watch_until=NOW + watch)
    assert observations.conditions(service, "home", POLICY, NOW).blip_share == pytest.approx(share)


@pytest.mark.parametrize(
    ("served", "counts", "watch", "share"),
    [
        pytest.param("bad00000", (), 1.0, 0.1, id="the new code fails"),
        pytest.param("bad00000", (), 0.0, 1.0, id="code that is no longer new"),
        pytest.param("aaaaaaa1", (), 1.0, 1.0, id="the code before it"),
        pytest.param("", (50.0,), 1.0, 0.05, id="errors, some of them new"),
        pytest.param("", (1.0,), 1.0, 1.0, id="no more errors than usual"),
        pytest.param("", (3.0,) * 10, 1.0, 1.0, id="new errors, fewer than a flood"),
        pytest.param("bad00000", (50.0,), 1.0, 0.005, id="both"),
    ],
)
def test_the_new_code_and_new_errors_corroborate_a_run(
    served: str, counts: tuple[float, ...], watch: float, share: float
) -> None:
    """Two failing answers that name it, in its watch window until its end; a flood in which some errors are new."""
    seen = (Served(served, NOW - 90, NOW, (NOW - 4, NOW - 2)),) if served else ()
    errors = [*[0.5] * (60 - len(counts)), *counts]
    minutes = tuple(MinuteCount(NOW - 60.0 * (60 - n), 60.0, count) for n, count in enumerate(errors))
    feed = Check("errors", "sentry", counts=minutes, new_issues=("KeyError",))
    web = POLICY.services["web"]
    policy = replace(POLICY, services={"web": replace(web, signals=(*web.signals, SignalPolicy("errors", "sentry")))})
    checks = {"home": failing(seconds=25, served=seen), "errors": feed, "gone": replace(feed, name="gone")}
    service = a_service(checks=checks, deploys=HISTORY, watch_until=NOW + watch)
    conditions = observations.conditions(service, "home", policy, NOW)
    assert conditions.blip_share == pytest.approx(share) and conditions.in_watch is (watch > 0.0)


STARTING = failing(seconds=85, last_kind="gateway")
"""It fails from 5 s after the deploy went live on, with no answer of the application."""
LOOKUP_FAILED = replace(STARTING, last_kind="dns", not_curable=((NOW, "dns"),))


def good(*at: float, name: str = "api", kind: str = "latency") -> Check:
    """Return a check with good probes at seconds after NOW."""
    return Check(name, kind, recent=tuple((NOW + second, False) for second in at))


@pytest.mark.parametrize(
    ("checks", "live", "unanswered"),
    [
        pytest.param((STARTING,), {}, True, id="no answer since"),
        pytest.param((replace(STARTING, last_kind="connect"), good(-95.0, -90.0)), {}, True, id="answers until then"),
        pytest.param((LOOKUP_FAILED,), {}, True, id="of one probe the name lookup failed, the last"),
        pytest.param((replace(LOOKUP_FAILED, recent=((NOW, True),)),), {}, False, id="the name lookup fails"),
        pytest.param((STARTING, good(-89.0)), {}, False, id="another route answered"),
        pytest.param((replace(STARTING, last_bad_at=NOW - 1.0), good(-0.5)), {}, True, id="it answers now"),
        pytest.param((STARTING, good(-89.0, name="errors", kind="sentry")), {}, True, id="a feed is no answer"),
        pytest.param((failing(seconds=85),), {}, False, id="an error of the application"),
        pytest.param((replace(STARTING, own_error_at=NOW - 79.0),), {}, False, id="an error of it before"),
        pytest.param((replace(STARTING, own_error_at=NOW - 80.0),), {}, True, id="one of the code that it replaces"),
        pytest.param((Check("home", "http", last_kind="gateway"),), {}, False, id="it does not fail"),
        pytest.param((good(),), {}, False, id="not read yet"),
        pytest.param((STARTING,), {"status": "update_in_progress", "finished_at": None}, False, id="not live yet"),
        pytest.param((STARTING,), {"finished_at": None}, False, id="live at an unknown moment"),
        pytest.param((STARTING,), {"trigger": "rollback"}, False, id="a rollback"),
        pytest.param((STARTING,), {"id": "dep-44", "trigger": "api"}, False, id="our rebuild of an earlier commit"),
        pytest.param((failing(seconds=121, last_kind="gateway"),), {}, False, id="it failed before"),
        pytest.param((failing(seconds=59, last_kind="gateway"),), {}, False, id="probes are missing"),
        pytest.param((failing(seconds=60, last_kind="gateway"),), {}, True, id="one probe late"),
    ],
)
def test_a_new_deploy_without_an_answer_may_be_starting(
    checks: tuple[Check, ...], live: dict, unanswered: bool
) -> None:
    """So long as all probes fail since it took over, and nothing of the application answered."""
    deploys = (replace(HISTORY[0], **live), *HISTORY[1:])
    incident = an_incident(deploy="dep-44")
    service = a_service(deploys=deploys, checks={check.name: check for check in checks}, incident=incident)
    assert observations.conditions(service, "home", POLICY, NOW).unanswered is unanswered


def test_a_good_reading_of_what_is_judged_as_a_probe_is_no_answer_of_a_new_deploy() -> None:
    """A query or a command may be answered by something else: it ends no patience with a version that starts."""
    refusals = SignalPolicy("refusals", "http", source="prometheus")
    service = a_service(deploys=HISTORY, checks={"home": STARTING, "refusals": good(-89.0, name="refusals")})
    assert observations.conditions(service, "home", with_signals(*WEB.signals, refusals), NOW).unanswered
    own = with_signals(*WEB.signals, replace(refusals, source=""))
    assert not observations.conditions(service, "home", own, NOW).unanswered


def test_signals_that_are_no_longer_configured_are_neither_found_nor_suspected_nor_waited_for() -> None:
    """A reload took them away."""
    service = a_service(checks={"gone": failing("gone")})
    assert observations.findings(service, POLICY, NOW) == ()
    assert observations.suspicion(service, POLICY, NOW) == ""
    both = a_service(checks={"gone": failing("gone"), "home": failing()})
    assert observations.suspicion(both, POLICY, NOW) == "home: HTTP 503"
    assert observations.is_healthy(service, POLICY, NOW)
    assert not observations.failing_now(service, (found("gone"),), POLICY, NOW)
    assert observations.still_judged(service, (found("gone"), found("home")), POLICY) == (found("home"),)


def test_suspicion_says_what_is_wrong() -> None:
    """A failure in its own words, slowness as such, a flood as such; nothing where all is well."""
    policy = with_signals(*WEB.signals, SignalPolicy("errors", "sentry", limit_per_minute=5.0))

    def why(check: Check) -> str:
        return observations.suspicion(a_service(checks={check.name: check}), policy, NOW)

    assert why(failing(seconds=2)) == "home: HTTP 503"
    slow = Check("api", "latency", last_why="an old one", over_since=NOW - 5, samples=((NOW - 1, 2.0),))
    assert why(slow) == "api: slower than it should be"
    fewer = SlowAnswers("tail", 8.0, NOW - 60, 1.0)
    known = with_signals(
        *WEB.signals, SignalPolicy("errors", "sentry"), SignalPolicy("api", "latency", times_baseline=1.5)
    )
    partly = a_service(checks={"api": Check("api", "latency", last_why="an old one", slow=(fewer,))})
    assert observations.suspicion(partly, known, NOW) == "api: slower than usual, or some answers are"
    flood = Check("errors", "sentry", counts=(MinuteCount(NOW - 90, 60.0, 50.0),))
    assert why(flood) == "errors: more errors than usual"
    assert why(Check("home", "http")) == ""


def test_a_lesser_finding_waits_only_for_a_critical_run_that_may_still_be_confirmed() -> None:
    """Bounded by what the critical check needs, and over once it is confirmed or recovers."""
    signals = (*WEB.signals, SignalPolicy("shop", "http", critical=True))
    policy = with_signals(*signals)

    def waits(home: Check, *findings: object, now: float = NOW) -> bool:
        service = a_service(checks={"home": home, "api": failing("api", "latency")})
        return observations.critical_check_pending(service, policy, findings, now)

    assert waits(failing(seconds=20), found("api"))
    assert waits(failing(seconds=54), found("api")) and not waits(failing(seconds=55), found("api"))
    shop = a_service(checks={"home": Check("home", "http"), "shop": failing("shop", seconds=20)})
    assert observations.critical_check_pending(shop, policy, (found("api"),), NOW)
    assert not waits(failing(seconds=20), found("home"), found("api"))
    assert not waits(failing(seconds=20), found("shop"), found("api")), "whichever is named first"
    assert not waits(Check("home", "http"), found("api"))
    assert not waits(failing(seconds=20), found("api"), now=NOW + 40)
    assert not observations.critical_check_pending(a_service(checks={}), POLICY, (found("api"),), NOW)


def test_a_lesser_finding_waits_for_a_critical_run_that_was_not_read_since_a_restart() -> None:
    """Or, after a restart in an outage, people would be asked about the one a moment before the other acts."""
    home = POLICY.services["web"].signal("home")
    assert home is not None
    gap = probes.gap_seconds(home, POLICY.detection)
    assert POLICY.detection.fresh_seconds < gap

    def waits(home: Check, after: float) -> bool:
        service = a_service(checks={"home": home, "api": failing("api", "latency")})
        return observations.critical_check_pending(service, POLICY, (found("api"),), NOW + after)

    assert waits(failing(seconds=2), gap) and waits(failing(seconds=200), gap)
    unseen = replace(failing(seconds=60), unseen_seconds=55.0)
    assert waits(unseen, 10.0) and not waits(replace(unseen, unseen_seconds=0.0), 10.0), "of which little was seen"
    assert not waits(failing(seconds=2), gap + 0.1), "the site may have recovered and failed again"
    assert not waits(replace(failing(seconds=2), run_started_at=None, cusum_zero_at=NOW - 2), gap), "it is not unbroken"


@pytest.mark.parametrize(("age", "fresh"), [(0.0, True), (15.0, True), (15.1, False)])
def test_what_was_found_must_still_be_seen_at_a_fresh_look(age: float, fresh: bool) -> None:
    """Invariant I2; one of several findings is enough, and another check's failure is none of them."""
    service = a_service(checks={"home": failing(), "api": Check("api", "latency")})
    assert observations.failing_now(service, (found("api"), found("home")), POLICY, NOW + age) is fresh
    assert not observations.failing_now(service, (found("api"),), POLICY, NOW + age)
    assert not observations.failing_now(service, (), POLICY, NOW)


def test_every_check_must_be_calm() -> None:
    """One that is not, or was not for so long, is enough to go on watching."""
    well = Check("home", "http", good_run=5, last_bad_at=NOW - 40)
    service = a_service(checks={"home": well, "api": replace(well, name="api", kind="latency")})
    assert observations.is_healthy(service, POLICY, NOW) and observations.is_healthy(service, POLICY, NOW - 39.5)
    assert observations.is_healthy(service, POLICY, NOW, 40.0)
    assert not observations.is_healthy(service, POLICY, NOW, 41.0)
    slow = replace(service, checks={"home": well, "api": failing("api", "latency")})
    assert not observations.is_healthy(slow, POLICY, NOW)


ERRORS = SignalPolicy("errors", "sentry")
EVENTS = SignalPolicy("events", "render_events", every_seconds=15.0, timeout_seconds=15.0)


def counted(ago: float, last: float) -> Check:
    """Return a feed whose newest minute ended so long ago, its last two with so many errors."""
    ends = [NOW - ago - 60.0 * number for number in reversed(range(30))]
    counts = tuple(MinuteCount(end - 60.0, 60.0, last if end > ends[-3] else 1.0) for end in ends)
    return Check("errors", "sentry", last=Unknown("HTTP 429"), last_at=NOW, seen_at=NOW, counts=counts)


def read(name: str, kind: str, ago: float, **fields: Any) -> Check:
    """Return a check that is well, with its last evidence so long ago."""
    return Check(name, kind, last=Unknown("HTTP 429"), last_at=NOW, seen_at=NOW - ago, good_run=9, **fields)


LOOP = tuple((NOW - 650.0 + number, "out of memory") for number in range(3))


@pytest.mark.parametrize(
    ("check", "failed", "known"),
    [
        pytest.param(counted(361.0, 1.0), "errors", False, id="a feed that failed"),
        pytest.param(counted(360.0, 1.0), "errors", True, id="it was counted lately"),
        pytest.param(counted(361.0, 1.0), "home", True, id="another check failed"),
        pytest.param(counted(361.0, 99.0), "home", False, id="its newest minutes were a flood"),
        pytest.param(read("events", "render_events", 46.0), "events", False, id="events that failed"),
        pytest.param(read("events", "render_events", 45.0), "events", True, id="they were read lately"),
        pytest.param(read("events", "render_events", 640.0, crashes=LOOP), "home", False, id="a loop when last read"),
        pytest.param(read("events", "render_events", 640.0), "home", True, id="no loop then"),
        pytest.param(read("api", "latency", 31.0), "api", False, id="a probe that failed"),
        pytest.param(read("api", "latency", 30.0), "api", True, id="the next one is not overdue"),
        pytest.param(read("api", "latency", 9e9), "home", True, id="one that was never read"),
    ],
)
def test_what_failed_is_over_only_by_evidence_of_now(check: Check, failed: str, known: bool) -> None:
    """Nothing bad is seen of it either way; what is not read any more may still fail, and keeps the incident open."""
    policy = with_signals(*WEB.signals, ERRORS, EVENTS)
    incident = an_incident(findings=(found(failed),))
    checks = {"home": read("home", "http", 1.0), check.name: check}
    service = a_service(checks=checks, incident=incident)
    assert observations.is_healthy(service, policy, NOW, seen=False)
    assert observations.is_healthy(service, policy, NOW) is known
    assert [one.name for one in unread.unseen(service, policy, NOW)] == ([] if known else [check.name])
    over = replace(service, incident=replace(incident, closed_at=NOW))
    assert unread.unseen(over, policy, NOW) == ()


def test_since_when_nothing_bad_was_seen_of_any_check() -> None:
    """The last trouble of all counts, of signals that the policy knows; without a check there was none."""
    checks = {
        "home": Check("home", "http", last_bad_at=NOW - 40),
        "api": Check("api", "latency", last_slow_at=NOW - 30, interrupted_at=NOW - 90),
        "gone": Check("gone", "http", last_bad_at=NOW),
    }
    assert observations.healthy_since(a_service(checks=checks), POLICY) == NOW - 30
    assert observations.healthy_since(a_service(checks={}), POLICY) == 0.0


def test_interrupting_ends_every_run_and_forgetting_clears_every_check() -> None:
    """After a restart runs begin anew; after an incident the evidence is gone as well."""
    service = a_service(checks={"home": failing(cusum=20.0, cusum_zero_at=NOW - 60), "api": failing("api", "latency")})
    assert len(observations.findings(service, POLICY, NOW)) == 2
    broken = observations.end_failure_runs(service, 0.0)
    assert observations.findings(broken, POLICY, NOW) == ()
    assert {check.interrupted_at for check in observations.end_failure_runs(service, NOW).checks.values()} == {NOW}
    assert [broken.checks[name].recent for name in service.checks] == [one.recent for one in service.checks.values()]
    forgotten = observations.reset_detectors(service, NOW)
    assert set(forgotten.checks) == {"home", "api"}
    assert all(check.recent == () and check.counts_from == NOW for check in forgotten.checks.values())


@pytest.mark.parametrize(("calm_seconds", "since"), [(58.0, NOW - 60.0), (60.0, None)])
def test_a_trouble_that_a_restart_cut_short_is_over_after_a_minute_of_calm(
    calm_seconds: float, since: float | None
) -> None:
    """As an incident is: what fails after it began anew."""
    service = a_service(checks={"home": failing(cusum=20.0, cusum_zero_at=NOW - 60.0)})
    good = [(1.0, Good()), (30.0, Good()), (calm_seconds, Good())]
    assert looked(observations.end_failure_runs(service, NOW), *good).checks["home"].troubled_since == since
