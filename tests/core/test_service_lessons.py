"""Lessons in a whole service: only what ended by itself teaches; what we, or a new deploy, ended does not."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import HISTORY, NOW, a_blame, a_service, an_incident, found, given
from tests.core.world import Fault, World, make_policy
from tests.core.worlds import history, web
from watchdog.core.fold import lessons, observations
from watchdog.domain.checks import Check, UsualErrors, UsualLatency
from watchdog.domain.decisions import Course, Decision
from watchdog.domain.deploys import Deploy, Downtime
from watchdog.domain.events import Observed
from watchdog.domain.incidents import HumanDecision, Incident, Outcome, Phase, ServiceState
from watchdog.domain.policy import Mode, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, MinuteCount, Reading
from watchdog.domain.severity import Severity

DOWN, REFUSED = Bad("HTTP 503", FailureKind.STATUS), Bad("connection refused", FailureKind.CONNECT)
OLD = (replace(HISTORY[1], status="live"), HISTORY[2])


def folded(service: ServiceState, signal: str, *readings: tuple[float, Reading, float]) -> ServiceState:
    """Fold (seconds after NOW, reading, latency in seconds) in."""
    for at, reading, latency in readings:
        service = observations.apply_observation(
            service, Observed(NOW + at, "web", signal, reading, latency), make_policy()
        )
    return service


def looked(service: ServiceState, signal: str, *readings: tuple[float, Reading, float]) -> Check:
    """Fold readings in; return the check."""
    return folded(service, signal, *readings).checks[signal]


def failed(seconds: float, *before: tuple[float, Reading, float]) -> list[tuple[float, Reading, float]]:
    """Return readings of so many seconds of failures since NOW, and good ones after them."""
    failures = [(float(at), DOWN, 0.1) for at in range(0, int(seconds) + 1, 2)]
    return [*before, *failures, (seconds + 2.0, Good(), 0.1), (seconds + 4.0, Good(), 0.1)]


WELL = (-2.0, Good(), 0.1)


def blip(service: ServiceState) -> float:
    """Return what twenty seconds of failures teach."""
    return looked(service, "home", *failed(20.0, WELL)).healed_seconds


def restart(service: ServiceState, seconds: float = 20.0, before: tuple[float, Reading, float] = WELL) -> float:
    """Return what so many seconds of failures teach of restarts, once it is calm again."""
    service = folded(service, "home", *failed(seconds, before))
    return lessons.after_suspicion(service, make_policy(), NOW + seconds + 5.0).checks["home"].restart_seconds


def slow(service: ServiceState, *before_its_end: tuple[float, Reading, float]) -> float:
    """Return what a time over the limit teaches whose last slow answer was after half a minute."""
    answers = [(float(at), Good(), 1.2) for at in range(0, 31, 2)]
    fast = [(float(at), Good(), 0.2) for at in range(36, 60, 2)]
    return looked(service, "api", (-2.0, Good(), 0.2), *answers, *before_its_end, *fast).slow_healed_seconds


def untouched(**fields: object) -> ServiceState:
    """Return a service that was deployed days ago, at rest."""
    return a_service(
        **{"checks": {}, "phase": Phase.CALM, "deploys": OLD, "live": "dep-40", "watch_until": 0.0, **fields}
    )


def live_at(seconds: float) -> Mapping[str, object]:
    """Return fields of a service whose newest deploy went live so many seconds after NOW."""
    return {"deploys": (replace(HISTORY[0], finished_at=NOW + seconds), *OLD[1:]), "live": "dep-41"}


def took_traffic_at(seconds: float) -> Mapping[str, object]:
    """Return fields of a service whose newest deploy was seen to take traffic then, and went live a little later."""
    return {"deploys": (replace(HISTORY[0], update_seen_at=NOW + seconds, finished_at=NOW + 4.0), *OLD[1:])}


def and_another_at(seconds: float) -> Mapping[str, object]:
    """Return fields of a service that was deployed at NOW, and seen to be deployed again."""
    newest = replace(HISTORY[0], id="dep-42", status="update_in_progress", update_seen_at=NOW + seconds)
    return {"deploys": (newest, replace(HISTORY[0], update_seen_at=NOW, finished_at=NOW + 1.0), *OLD[1:])}


TWIN = replace(HISTORY[0], finished_at=NOW + 1.0)
PLANNED = Downtime("in maintenance mode", NOW - 300.0, NOW - 315.0)
ROLLING_BACK = an_incident(requested_at=NOW + 10.0)


@pytest.mark.parametrize(
    ("fields", "blips", "slow_times"),
    [
        pytest.param({}, True, True, id="by itself"),
        pytest.param(live_at(0.0), True, True, id="live as it began"),
        pytest.param(live_at(1.0), False, False, id="a new deploy"),
        pytest.param(took_traffic_at(0.5), False, False, id="before a new deploy took traffic"),
        pytest.param({"deploys": (replace(HISTORY[0], finished_at=None),)}, True, True, id="no date"),
        pytest.param({"deploys": ()}, True, True, id="none live"),
        pytest.param({"incident": an_incident()}, False, True, id="in an incident"),
        pytest.param({"incident": ROLLING_BACK}, False, False, id="our rollback"),
        pytest.param({"downtime": PLANNED}, False, False, id="in a downtime"),
        pytest.param({"downtime": replace(PLANNED, ended_at=NOW - 59.0)}, False, False, id="just after one"),
        pytest.param({"downtime": replace(PLANNED, ended_at=NOW - 60.0)}, True, True, id="after one"),
    ],
)
def test_only_what_ended_by_itself_teaches(fields: dict, blips: bool, slow_times: bool) -> None:
    """What a rollback or a new deploy ended might have lasted for ever; in an incident no failure is a blip."""
    assert blip(untouched(**fields)) == (20.0 if blips else 0.0)
    assert slow(untouched(**fields)) == (44.0 if slow_times else 0.0)


@pytest.mark.parametrize(
    ("fields", "taught"),
    [
        pytest.param(live_at(9.0), True, id="the restart of a new deploy"),
        pytest.param(live_at(10.0), False, id="ended as a new deploy was live"),
        pytest.param(live_at(-10.0), True, id="of one that is just live"),
        pytest.param(live_at(-11.0), False, id="long live"),
        pytest.param(took_traffic_at(0.0), True, id="as a new deploy took traffic"),
        pytest.param(took_traffic_at(0.5), False, id="before it did"),
        pytest.param({"deploys": (*OLD, replace(HISTORY[0], finished_at=NOW + 1.0))}, True, id="in any order"),
        pytest.param({"deploys": (TWIN, replace(TWIN, id="dep-42"), *OLD[1:])}, True, id="two at the same moment"),
        pytest.param(and_another_at(22.0), False, id="the next deploy ended it"),
        pytest.param(and_another_at(22.5), True, id="the next deploy came after it"),
        pytest.param({"deploys": (replace(HISTORY[0], finished_at=None),)}, False, id="no date"),
        pytest.param({"deploys": ()}, False, id="no deploy"),
        pytest.param({"downtime": PLANNED}, False, id="in a downtime"),
        pytest.param({"downtime": replace(PLANNED, ended_at=NOW - 60.0)}, True, id="after a downtime"),
        pytest.param({"deploys_at": NOW + 20.0}, False, id="nothing was listed since"),
        pytest.param({"deploys_at": None}, False, id="nothing was ever listed"),
        pytest.param({"deploys_why": "HTTP 503"}, False, id="no list can be read"),
    ],
)
def test_a_felt_restart_teaches_of_restarts(fields: dict, taught: bool) -> None:
    """It began as a deploy took traffic, went on after that was live, and no other one can have ended it."""
    service = untouched(**{**live_at(1.0), "deploys_at": NOW + 21.0, **fields})
    assert restart(service) == (20.0 if taught else 0.0)


def test_what_was_seen_in_part_or_lasted_too_long_teaches_nothing_of_restarts() -> None:
    """Its begin must be seen; and a deploy that failed was never live, whatever it did to the site."""
    service = untouched(**live_at(1.0), deploys_at=NOW + 200.0)
    assert restart(service, before=(-2.0, DOWN, 0.1)) == 0.0
    assert (restart(service, 120.0), restart(service, 122.0)) == (120.0, 0.0)
    broken = replace(HISTORY[0], status="update_failed", update_seen_at=NOW - 1.0, finished_at=NOW + 5.0)
    assert restart(untouched(deploys=(broken, *OLD), deploys_at=NOW + 200.0)) == 0.0
    interrupted = replace(service, checks={"home": Check("home", "http", interrupted_at=NOW)})
    assert restart(interrupted) == 0.0


def test_of_two_restarts_the_longer_one_counts() -> None:
    """In one suspicion, as two deploys follow each other."""
    second = replace(HISTORY[0], id="dep-42", update_seen_at=NOW + 40.0, finished_at=NOW + 42.0)
    first = replace(HISTORY[0], update_seen_at=NOW, finished_at=NOW + 5.0)
    service = untouched(deploys=(second, first, *OLD[1:]), deploys_at=NOW + 200.0)
    again = [(40.0 + at, reading, latency) for at, reading, latency in failed(18.0)]
    service = folded(service, "home", *failed(30.0, WELL), *again)
    assert lessons.after_suspicion(service, make_policy(), NOW + 65.0).checks["home"].restart_seconds == 30.0


DECIDED = Decision(NOW + 57.0, Course.PAGE, Severity.CRITICAL, "it fits", None, 1.0, "autonomous")
BY_ITSELF = an_incident(findings=(found(seconds=0.0),), suspect="dep-41", decision=DECIDED)
GONE_WRONG = amended(BY_ITSELF, requested_at=NOW + 57.0)
QUEUED = Deploy("dep-42", "live", "rollback", created_at=NOW + 58.0, update_seen_at=NOW + 96.0)
UNDATED = replace(QUEUED, update_seen_at=None)


def outage(*outcomes: tuple[float, float, bool], **fields: object) -> Check:
    """Return a check with outcomes (from, until: seconds after NOW; failed) each second."""
    recent = [(NOW + at, failed) for begin, end, failed in outcomes for at in range(int(begin), int(end))]
    last = max((at for at, failed in recent if failed), default=None)
    return Check("home", "http", recent=tuple(recent), last_bad_at=last, **fields)  # type: ignore[arg-type]


SEEN = outage((-9, 0, False), (0, 60, True), (60, 99, False))
ONE_LUCKY = outage((-9, 0, False), (0, 60, True), (60, 62, False), (80, 99, False))
ONE_LATE = outage((-9, 0, False), (0, 60, True), (60, 61, False), (75, 99, False))
ON_AND_OFF = outage((-9, 0, False), (0, 30, True), (30, 31, False), (31, 60, True), (60, 99, False))
CRASHED = Check("events", "render_events", crashes=((NOW - 60.0, "crash"),))
OTHER_CRASHES = ((NOW - 60.1, "crash"), (NOW + 60.1, "crash"))
TAUGHT = replace(SEEN, restart_seconds=80.0, restart_at=NOW)


@pytest.mark.parametrize(
    ("change", "healed"),
    [
        pytest.param({}, 60.0, id="healed"),
        pytest.param({"rollback": replace(UNDATED, finished_at=NOW + 210.0)}, 60.0, id="just long enough"),
        pytest.param({"rollback": replace(QUEUED, update_seen_at=NOW + 89.0)}, None, id="not for long"),
        pytest.param({"checks": [ONE_LUCKY]}, None, id="not looked at for long"),
        pytest.param({"checks": [ONE_LATE]}, 60.0, id="looked at just often enough"),
        pytest.param({"checks": [outage((57, 60, True), (60, 99, False))]}, 60.0, id="kept since then"),
        pytest.param({"checks": [outage((58, 60, True), (60, 99, False))]}, None, id="not all is kept"),
        pytest.param({"checks": [replace(SEEN, last_slow_at=NOW + 80.0)]}, None, id="slow after that"),
        pytest.param({"rollback": UNDATED}, None, id="not known when"),
        pytest.param({"checks": [ON_AND_OFF]}, None, id="comes and goes"),
        pytest.param({"checks": [outage((-9, 0, False), (0, 99, True))]}, None, id="still failing"),
        pytest.param({"checks": [SEEN, replace(SEEN, name="api", last_bad_at=NOW + 80.0)]}, None, id="another fails"),
        pytest.param({"checks": [SEEN, replace(SEEN, name="api", last_bad_at=NOW + 61.0)]}, 62.0, id="a bit longer"),
        pytest.param({"checks": [SEEN, CRASHED]}, None, id="crashed"),
        pytest.param({"checks": []}, None, id="not watched any more"),
        pytest.param({"incident": replace(GONE_WRONG, findings=())}, None, id="nothing found"),
        pytest.param({"incident": replace(GONE_WRONG, findings=(found(method="cusum"),))}, None, id="in part"),
        pytest.param({"other": replace(QUEUED, id="dep-x", update_seen_at=NOW + 60.0)}, None, id="a colleague"),
        pytest.param({"other": replace(QUEUED, id="dep-x", update_seen_at=NOW + 61.0)}, 60.0, id="too late"),
        pytest.param({"other": replace(QUEUED, id="dep-x", update_seen_at=NOW)}, 60.0, id="as it began"),
        pytest.param({"other": replace(HISTORY[0], update_seen_at=NOW + 2.0)}, 60.0, id="itself, by its clock"),
    ],
)
def test_what_healed_before_the_rollback_took_traffic(change: dict, healed: float | None) -> None:
    """All was good for twenty seconds (and ten, for the clocks), and nothing else can have done it."""
    case = {"checks": [SEEN], "incident": GONE_WRONG, "rollback": QUEUED, **change}
    others = (case["other"],) if "other" in case else ()
    deploys = (case["rollback"], *others, replace(HISTORY[0], finished_at=NOW + 1.0), *OLD[1:])
    service = untouched(deploys=deploys, live="dep-42", checks={check.name: check for check in case["checks"]})
    at = lessons.healed_before(service, case["incident"], case["rollback"], make_policy())
    assert at == (None if healed is None else NOW + healed)


def test_what_a_blip_is_depends_on_the_plain_limit_alone() -> None:
    """Patience with a restart teaches none with blips; what other signals agreed with may still have been a blip."""
    patient = Check("home", "http", restart_seconds=100.0, restart_at=NOW)
    service = untouched(**live_at(-1.0), checks={"home": patient})
    assert looked(service, "home", *failed(50.0, WELL)).healed_seconds == 0.0
    refused = [(at, REFUSED if reading is DOWN else reading, took) for at, reading, took in failed(50.0, WELL)]
    assert looked(untouched(**live_at(-1.0)), "home", *refused).healed_seconds == 0.0
    crashing = Check("events", "render_events", crashes=tuple((NOW - ago, "crashed") for ago in (30.0, 20.0, 10.0)))
    assert looked(untouched(checks={"events": crashing}), "home", *failed(30.0, WELL)).healed_seconds == 30.0


def closed(check: Check, incident: Incident, **fields: object) -> float:
    """Return what an incident about home that was closed without a rollback teaches of restarts."""
    service = untouched(**{**live_at(1.0), "deploys_at": NOW + 200.0, "checks": {"home": check}, **fields})
    return lessons.after_incident(service, incident, make_policy(), NOW + 200.0).checks["home"].restart_seconds


ROLLED_BACK = replace(HISTORY[1], id="dep-42", status="live", trigger="rollback", finished_at=NOW + 61.0)
MENDED = replace(ROLLED_BACK, trigger="new_commit")


def rolled_back(seen_at: float) -> Mapping[str, object]:
    """Return fields of a service that a person rolled back, the instances replaced so many seconds after NOW."""
    return {"deploys": (replace(ROLLED_BACK, update_seen_at=NOW + seen_at), *HISTORY)}


DECIDED_ANEW = amended(BY_ITSELF, suspect="dep-42", to_blame=("dep-41",))
OURS = amended(BY_ITSELF, requested_at=NOW, verified_at=NOW + 9.0)


@pytest.mark.parametrize(
    ("check", "incident", "fields", "taught"),
    [
        pytest.param(SEEN, BY_ITSELF, {}, 59.0, id="by itself"),
        pytest.param(ONE_LUCKY, BY_ITSELF, {}, 59.0, id="not looked at for a while, and good"),
        pytest.param(SEEN, replace(BY_ITSELF, findings=(found(method="cusum"),)), {}, 0.0, id="in part"),
        pytest.param(SEEN, replace(BY_ITSELF, decision=None), {}, 59.0, id="by itself, before a decision"),
        pytest.param(Check("home", "http"), BY_ITSELF, {}, 0.0, id="anew"),
        pytest.param(Check("home", "http", last_bad_at=NOW + 59.0), BY_ITSELF, {}, 0.0, id="no probe is kept"),
        pytest.param(ON_AND_OFF, BY_ITSELF, {}, 0.0, id="comes and goes"),
        pytest.param(replace(SEEN, crashes=((NOW - 60.0, "crash"),)), BY_ITSELF, {}, 0.0, id="crashed"),
        pytest.param(replace(SEEN, crashes=((NOW + 60.0, "crash"),)), BY_ITSELF, {}, 0.0, id="crashed as it ended"),
        pytest.param(replace(SEEN, crashes=OTHER_CRASHES), BY_ITSELF, {}, 59.0, id="crashed long before, and after"),
        pytest.param(TAUGHT, BY_ITSELF, {"deploys": (ROLLED_BACK, *HISTORY)}, 0.0, id="a person rolled back"),
        pytest.param(TAUGHT, BY_ITSELF, {"deploys": (MENDED, *HISTORY)}, 80.0, id="a person deployed"),
        pytest.param(TAUGHT, DECIDED_ANEW, rolled_back(50.0), 0.0, id="so did one, and it was decided anew"),
        pytest.param(TAUGHT, BY_ITSELF, rolled_back(-60.0), 80.0, id="a person had rolled back before it"),
        pytest.param(TAUGHT, amended(OURS, undoes="web-0"), {}, 80.0, id="an undo"),
        pytest.param(SEEN, amended(BY_ITSELF, requested_at=NOW), {}, 0.0, id="our rollback, which proved nothing"),
        pytest.param(TAUGHT, amended(OURS, findings=()), {}, 80.0, id="a rollback by hand"),
    ],
)
def test_what_a_closed_incident_teaches_of_restarts(
    check: Check, incident: Incident, fields: dict, taught: float
) -> None:
    """One unbroken run without a crash, that nothing ended; and nothing that a person undid proves a restart wrong."""
    assert closed(check, incident, **fields) == taught


@pytest.mark.parametrize(
    ("seconds", "decision", "healed", "fields", "taught"),
    [
        pytest.param(60, {}, {}, {}, 59.0, id="by itself"),
        pytest.param(65, {}, {}, {}, 64.0, id="within the longest limit"),
        pytest.param(66, {}, {}, {}, 10.0, id="longer than any limit"),
        pytest.param(60, {"blame": a_blame(probability=0.49)}, {}, {}, 59.0, id="a deploy is hardly to blame"),
        pytest.param(60, {"blame": a_blame(probability=0.5)}, {}, {}, 10.0, id="a deploy may be to blame"),
        pytest.param(60, {"blame": a_blame()}, {"healed_at": NOW + 61.0}, {}, 61.0, id="its rollback was needless"),
        pytest.param(60, {}, {}, live_at(9.0), 10.0, id="a restart"),
        pytest.param(60, {}, {}, took_traffic_at(0.5), 10.0, id="a deploy ended it"),
        pytest.param(60, {}, {}, {"deploys_at": NOW + 59.0}, 10.0, id="nothing was listed since"),
    ],
)
def test_a_short_outage_that_ended_by_itself_teaches_the_watch_window(
    seconds: int, decision: dict, healed: dict, fields: dict, taught: float
) -> None:
    """The next one soon after a deploy is waited out, as far as the longest limit goes."""
    seen = ((-9, 0, False), (0, seconds, True), (seconds, seconds + 39, False))
    check = outage(*seen, outage_seconds=10.0, outage_at=NOW)
    incident = replace(amended(BY_ITSELF, **healed), decision=replace(DECIDED, **decision))
    service = untouched(**{"deploys_at": NOW + 200.0, "checks": {"home": check}, **fields})
    learnt = lessons.after_incident(service, incident, make_policy(), NOW + 200.0).checks["home"]
    assert (learnt.outage_seconds, learnt.healed_seconds) == (taught, 0.0)


def test_a_lesson_of_the_deploy_that_was_to_blame_is_taken_back() -> None:
    """It was taken for a restart at its first failure; an older lesson stays, and so does one of an unknown deploy."""
    learnt = {
        name: Check(name, "http", restart_seconds=80.0, restart_at=NOW + at)
        for name, at in (("home", -119.0), ("api", -119.1))
    }
    service = untouched(**live_at(1.0), checks=learnt)
    proved = an_incident(suspect="dep-41", requested_at=NOW + 60.0, verified_at=NOW + 300.0)
    after = lessons.after_incident(service, proved, make_policy(), NOW + 300.0)
    assert [check.restart_seconds for check in after.checks.values()] == [0.0, 80.0]
    unknown = lessons.after_incident(service, replace(proved, suspect="dep-x"), make_policy(), NOW + 300.0)
    assert unknown == service
    unproved = an_incident(suspect="dep-41", requested_at=NOW + 60.0)
    assert lessons.after_incident(service, unproved, make_policy(), NOW + 300.0) == service


@pytest.mark.parametrize(
    ("incident", "fields", "usual"),
    [
        pytest.param({}, {}, True, id="by itself"),
        pytest.param({"requested_at": NOW}, {}, False, id="our rollback"),
        pytest.param({"acknowledged_by": "ann"}, {}, False, id="a person was at it"),
        pytest.param({"acknowledged_by": "ann", "findings": (found(),)}, {}, True, id="an outage without a flood"),
        pytest.param({"human_decision": HumanDecision.REJECTED}, {}, False, id="a person has it"),
        pytest.param({"outcome": Outcome.UNSEEN}, {}, False, id="its end was not seen"),
        pytest.param({"outcome": Outcome.NEW_BASELINE, "acknowledged_by": "ann"}, {}, True, id="it went on"),
        pytest.param({}, live_at(-59.0), False, id="a deploy"),
        pytest.param({}, live_at(-61.0), True, id="the deploy was before it"),
    ],
)
def test_errors_of_an_incident_become_usual_only_if_they_ended_by_themselves(
    incident: dict, fields: dict, usual: bool
) -> None:
    """As those of a batch do, which needs no person; all that may have ended a fault is one rule."""
    known = UsualErrors(hour=int(NOW // 3600) + 1, medians=(300, 9000), highs=(300, 9000))
    checks = {"errors": Check("errors", "sentry", usual_errors=known, counts=(MinuteCount(NOW, 60.0, 1.0),))}
    service = untouched(checks=checks, **fields)
    closed = an_incident(**{"findings": (found("errors", "feed"),), **incident})
    after = lessons.after_incident(service, closed, make_policy(), NOW + 99.0).checks["errors"]
    learns = ((300, 9000), known.learns_from) if usual else ((300, 0), NOW + 99.0)
    assert (after.usual_errors.medians, after.usual_errors.learns_from) == learns
    beside = untouched(checks={"errors": replace(checks["errors"], counts_before=(MinuteCount(NOW, 60.0, 1.0),))})
    other = an_incident(findings=(found(),), acknowledged_by="ann")
    after = lessons.after_incident(beside, other, make_policy(), NOW + 99.0).checks["errors"]
    assert after.usual_errors.medians == (300, 0), "a flood beside it, which it does not name"


def test_a_failed_probe_at_its_end_does_not_hide_that_a_deploy_ended_a_slow_time() -> None:
    """The slow time began before the deploy, whenever that failure was."""
    assert slow(untouched(**live_at(32.0)), (34.0, DOWN, 0.0)) == 0.0
    assert slow(untouched(), (34.0, DOWN, 0.0)) > 0.0


@pytest.mark.parametrize(("minutes", "known"), [(3.0, False), (19.0, False), (40.0, True), (70.0, True)])
def test_a_deploy_long_before_the_end_of_a_slow_time_did_not_end_it(minutes: float, known: bool) -> None:
    """What was seen of it is what this hour reaches: a job that comes again; unless a deploy may have been its end."""
    seen = UsualLatency(hour=int(NOW // 3600), minutes=(4000,) * 30, medians=(2000,) * 99, highs=(2000,) * 99)
    before = Check("home", "http", usual=seen, over_since=NOW - 3600.0, samples=((NOW, 0.4),))
    live_since = NOW - 60.0 * minutes
    deploys = (replace(HISTORY[0], created_at=live_since - 200.0, finished_at=live_since), *OLD[1:])
    judged = given(SignalPolicy("home", "http"), NOW)
    service, policy = untouched(deploys=deploys), make_policy()
    after = lessons.after_reading(service, before, replace(before, over_since=None), policy, judged)
    assert bool(after.usual.minutes) is known
    run = {"run_started_at": NOW - 3600.0, "failing_since": NOW - 3600.0, "last_bad_at": NOW - 3590.0, "run_probes": 2}
    well = replace(before, over_since=None)
    after = lessons.after_reading(service, replace(well, **run), well, policy, judged)
    assert (after == well) is (minutes < 60.0), "of a run of failures any deploy since it began may be the end"
    without = lessons.without_usual_latency_since(untouched(checks={"home": before}), NOW)
    assert not without.checks["home"].usual.minutes


def test_a_check_is_watched_from_its_first_reading() -> None:
    """Since then its failures are counted."""
    assert looked(untouched(), "home", (0.0, Good(), 0.1), (10.0, Good(), 0.1)).watched_from == NOW


# --- worlds ---


def home(world: World) -> Check:
    """Return what is known of the critical route."""
    return web(world).checks["home"]


def test_a_felt_restart_is_learnt_though_people_were_told_and_counts_for_restarts_alone() -> None:
    """The next deploy may take as long to start; at any other time so long an outage is told of."""
    times = ((100.0, 180.0), (1000.0, 1084.0), (2000.0, 2084.0))
    faults = [Fault(begins, ends) for begins, ends in times]
    world = World(make_policy(Mode.OBSERVE), history(), faults=faults, steady=True)
    world.ship(100.0, "good0001")
    world.ship(1000.0, "good0002")
    world.run(600.0)
    assert list(world.incidents) == ["web-1"] and 76.0 <= home(world).restart_seconds <= 80.0
    assert len(world.run(1500.0).incidents) == 1 and home(world).restart_seconds > 80.0
    assert len(world.run(2600.0).incidents) == 2


@pytest.mark.parametrize(
    ("reading", "seconds", "rolled_back"),
    [
        (REFUSED, 100.0, False),
        (REFUSED, 200.0, True),
        (DOWN, 100.0, True),
        (DOWN, 20.0, True),
        (DOWN, 5.0, False),
    ],
)
def test_a_deploy_that_has_not_answered_yet_has_two_minutes(
    reading: Reading, seconds: float, rolled_back: bool
) -> None:
    """Also the first time that a restart is felt for long; an error of the new code itself needs no patience, also if
    it crashes then. The last errors of the old code are not its own.
    """
    faults = [Fault(60.0, 60.0 + seconds, reading=reading)]
    if seconds < 100.0:
        faults.append(Fault(60.0 + seconds, 160.0, reading=Bad("HTTP 502", FailureKind.GATEWAY)))
    world = World(make_policy(), history(), faults=faults, api_fails_with_home=True)
    world.ship(60.0, "good0001")
    assert bool(world.run(400.0).accepted) is rolled_back


def test_a_slow_time_a_human_was_told_of_teaches_patience() -> None:
    """A job that makes it slow every hour wakes nobody at its second time."""
    faults = [Fault(100.0, 240.0, slow=True), Fault(1000.0, 1120.0, slow=True)]
    world = World(make_policy(), history(), faults=faults).run(700.0)
    assert [incident.id for incident in world.incidents.values()] == ["web-1"]
    assert web(world).checks["api"].slow_healed_seconds >= 130.0
    assert len(world.run(1600.0).incidents) == 1
