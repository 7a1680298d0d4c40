"""The fleet: blindness, pause, the deny-list, status pages."""

from dataclasses import replace

import pytest

from tests.core.scenes import NOW, a_service, a_state, an_incident, step
from tests.core.world import CONTROL, make_policy
from tests.support.effect_readers import lines, notices, tell_of, wakes
from watchdog.core import fleet
from watchdog.core.fleet import page_is_over
from watchdog.domain import events as e
from watchdog.domain.checks import Check
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.incidents import Phase, State
from watchdog.domain.integrations import Failing
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Bad, Good, Unknown

DARK = Bad("timed out")


def both(state: State, at: float, reading: Good | Bad, policy: Policy | None = None) -> tuple[State, list[Effect]]:
    """Let both control targets be read."""
    told: list[Effect] = []
    for target in CONTROL:
        state, effects = step(state, e.ControlChecked(at, target, reading), policy or make_policy())
        told += effects
    return state, told


def test_blind_is_noted_at_once_and_told_after_half_a_minute() -> None:
    """The fault is ours; people hear of it once it lasts, and once only; time alone makes nobody blind."""
    state, effects = step(a_state(a_service(checks={}), control={}), e.TimePassed(NOW), make_policy())
    assert state.blind_since is None and not lines(effects, "BLIND")
    state, told = both(a_state(), NOW, DARK)
    assert state.blind_since == NOW and notices(told) == []
    assert lines(told, "BLIND") == [
        "0 of 2 control targets answer: the watchdog's network is at fault, nothing is changed"
    ]
    assert NOW + 30.0 in wakes(told)
    state, told = both(state, NOW + 29.0, DARK)
    assert told == []
    mute = make_policy(alerts=())
    state, effects = step(state, e.TimePassed(NOW + 30.0), mute)
    assert notices(effects) == []
    assert lines(effects, "NOTIFIED")[0].startswith("no channel configured: watchdog is blind")
    state, effects = step(replace(state, failing={}), e.TimePassed(NOW + 30.0), make_policy())
    assert notices(effects) == ["self_alert"] and state.blind_notified
    tell = tell_of(effects)
    assert tell.notice.wakes and tell.channels == ("pager",)
    assert tell.notice.title == "watchdog is blind: 0 of 2 control targets answer for 30 s"
    assert (tell.notice.incident, tell.notice.lines) == ("blind", fleet.DARK_LINES)
    assert lines(effects, "NOTIFIED") == [f"pager (page): {tell.notice.title}"]
    assert notices(step(state, e.TimePassed(NOW + 31.0), make_policy())[1]) == []


def test_sight_regained_forgets_what_was_seen_meanwhile() -> None:
    """Runs and sums are cleared, suspicion without an incident ends, and those who were told hear of the end.

    Also of a service that a reload took away; an open incident is still to be ended by what comes.
    """
    open_one = a_service(name="shop", phase=Phase.PAGED, incident=an_incident(service="shop"))
    suspected = a_service(name="api", incident=an_incident(service="api"))
    listed = {"sight/": Failing(NOW - 40, "failing", "dark")}
    blind = {"blind_since": NOW - 40, "blind_notified": True, "failing": listed}
    state = a_state(a_service(), open_one, suspected, a_service(name="gone"), **blind)
    state, effects = step(state, e.ControlChecked(NOW + 1, "control-1", Good()), make_policy())
    assert (state.blind_since, state.blind_notified) == (None, False)
    notice = tell_of(effects).notice
    assert (notice.resolves, notice.incident) == (True, "blind")
    assert notice.lines == ("Services are judged again, from now on.",)
    assert lines(effects, "SEEING") == ["watchdog sees again after 41 s; what was read meanwhile does not count"]
    assert all(service.checks["home"].run_probes == 0 for service in state.services.values())
    web, gone = state.services["web"], state.services["gone"]
    assert (web.phase, web.phase_since, web.checks["home"].counts_from) == (Phase.CALM, NOW + 1, NOW + 1)
    assert gone.phase is Phase.CALM and state.services["shop"].phase is Phase.PAGED
    api = state.services["api"]
    assert (api.phase, api.phase_since, api.incident) == (Phase.SUSPECT, NOW - 60, suspected.incident)
    _, told = both(both(a_state(), NOW, DARK)[0], NOW + 5.0, Good())
    assert notices(told) == [] and len(lines(told, "SEEING")) == 1, "a short blindness is told to nobody"


def test_only_an_answer_gives_sight_back() -> None:
    """Control targets that are no longer read do not prove that we see; half a minute later people are told."""
    state, _ = both(a_state(), NOW, DARK)
    assert step(state, e.TimePassed(NOW + 1.0), make_policy(control=()))[0].blind_since is None, "nobody wants them"
    state, effects = step(state, e.TimePassed(NOW + 45.0), make_policy())
    assert state.blind_since == NOW and notices(effects) == ["self_alert"]
    assert "no control target was read in the last 30 s for 45 s" in tell_of(effects).notice.title
    for reading, blind_since in ((Unknown("void"), NOW), (Good(), None)):
        state, _ = step(state, e.ControlChecked(NOW + 46.0, "control-1", reading), make_policy())
        assert state.blind_since == blind_since


def test_when_every_probe_is_silent_we_are_blind_whatever_control_targets_say() -> None:
    """Noted at once, told after half a minute, with the reason of each service, so that one look at the message shows
    where to look; only a probe that speaks gives sight back.
    """
    checks = {"home": Check("home", "http", last=Unknown("the site limits our probes: HTTP 429"), last_at=NOW)}
    both_known = a_state(a_service(checks=checks), a_service(name="gone"))
    state, effects = step(both_known, e.ProbesJudged(NOW, silent=True), make_policy())
    assert state.blind_since == NOW and state.unseen
    why = "no probe of any service brings evidence"
    assert lines(effects, "BLIND") == [f"{why}: the watchdog's network is at fault, nothing is changed"]
    state, told = both(state, NOW + 29.0, Good())
    assert told == [] and state.blind_since == NOW
    state, effects = step(state, e.TimePassed(NOW + 30.0), make_policy(alerts=("pager", "chat")))
    tell = next(effect for effect in effects if isinstance(effect, Tell))
    assert tell.notice.wakes and tell.notice.title == f"watchdog is blind: {why} for 30 s"
    assert lines(effects, "NOTIFIED") == [f"pager, chat (page): watchdog is blind: {why} for 30 s"]
    assert "until a probe of one is good or bad again" in tell.notice.lines[0]
    assert tell.notice.lines[-1] == "web: the site limits our probes: HTTP 429"
    state, effects = step(state, e.ProbesJudged(NOW + 41.0, silent=False), make_policy())
    assert (state.blind_since, state.unseen) == (None, False) and notices(effects) == ["resolved"]


def test_a_broken_promise_disarms_until_a_human_resumes() -> None:
    """The first reason stays and is paged once; the resume lifts it together with a pause and says so to the pager."""
    state, effects = step(a_state(), e.InvariantBroken(NOW, "two rollbacks"), make_policy())
    assert state.disarmed == "two rollbacks" and notices(effects) == ["self_alert"]
    assert lines(effects, "DISARMED") == ["two rollbacks: nothing is changed until `watchdog resume`"]
    (tell,) = [effect for effect in effects if isinstance(effect, Tell)]
    assert (tell.notice.incident, tell.notice.wakes) == ("disarmed", True)
    assert tell.notice.title == "watchdog is DISARMED: an internal check failed"
    assert tell.notice.lines == (
        "What was found: two rollbacks",
        "This is a fault of the watchdog itself. It keeps watching and paging, and changes nothing.",
        "Look at production yourself, then: watchdog resume",
    )
    state, effects = step(state, e.InvariantBroken(NOW + 1, "another"), make_policy())
    assert state.disarmed == "two rollbacks" and notices(effects) == [] and len(lines(effects, "DISARMED")) == 1
    state = replace(state, paused_by="Alice")
    state, effects = step(state, e.Resumed(NOW + 2, "Bob"), make_policy())
    assert (state.paused_by, state.disarmed, notices(effects)) == ("", "", ["resolved"])
    (tell,) = [effect for effect in effects if isinstance(effect, Tell)]
    assert (tell.notice.incident, tell.notice.lines) == ("disarmed", ("Was: two rollbacks",))
    assert tell.notice.title == "watchdog is armed again, by Bob"
    assert lines(effects, "RESUMED") == ["by Bob; no longer paused by Alice; disarmed: two rollbacks"]
    _, effects = step(state, e.Resumed(NOW + 3, "Bob"), make_policy())
    assert lines(effects, "RESUMED") == ["by Bob"]


def refusal(service: str = "web", *, forbidden: bool = True) -> e.RollbackRefused:
    """Return what comes of a rollback that the key may not send."""
    return e.RollbackRefused(NOW, service, "web-1", "Render answered 403", forbidden=forbidden)


def test_case_14_a_key_that_was_refused_is_not_used_again_until_a_restart_or_resume() -> None:
    """Of this service alone; a refusal for another reason is no matter of the key."""
    state, _ = step(a_state(), refusal(forbidden=False), make_policy())
    assert state.services["web"].forbidden == ""
    state, _ = step(a_state(), refusal("gone"), make_policy())
    assert list(state.services) == ["web"]
    state, _ = step(a_state(a_service(), a_service(name="shop")), refusal(), make_policy())
    assert [service.forbidden for service in state.services.values()] == ["Render answered 403", ""]
    after, effects = step(state, e.Resumed(NOW, "Bob"), make_policy())
    assert after.services["web"].forbidden == ""
    assert lines(effects, "RESUMED") == ["by Bob; no longer web: Render answered 403"]
    for services, left in (((), ""), (("web",), ""), (("shop",), "Render answered 403")):
        after, _ = step(state, e.Restarted(NOW, services), make_policy())
        assert after.services["web"].forbidden == left


@pytest.mark.parametrize(
    ("named", "left", "label"),
    [
        ("bad00000", ("sha256:1f2e3d4c5b",), "TRUSTED"),
        ("bad0000", ("sha256:1f2e3d4c5b",), "TRUSTED"),
        ("bad000", ("bad00000", "sha256:1f2e3d4c5b"), "REFUSED"),
        ("sha256:1f2e3d4", ("bad00000",), "TRUSTED"),
        ("1f2e3d4", ("bad00000",), "TRUSTED"),
        ("sha256:", ("bad00000", "sha256:1f2e3d4c5b"), "REFUSED"),
        ("sha256:1f", ("bad00000", "sha256:1f2e3d4c5b"), "REFUSED"),
        ("cccccccc", ("bad00000", "sha256:1f2e3d4c5b"), "REFUSED"),
    ],
)
def test_a_commit_is_trusted_by_its_name_or_seven_digits_of_it(named: str, left: tuple[str, ...], label: str) -> None:
    """So is a deploy of it that was likely to blame. Too short, or neither: refused; the algorithm alone is no name."""
    denied = ("bad00000", "sha256:1f2e3d4c5b")
    blamed = tuple((f"dep-{code}", code, "web-1") for code in denied)
    text = f"{named} by Alice" if label == "TRUSTED" else f"{named} is not denied"
    for known in ({"denied": denied, "blamed": blamed}, {"denied": denied}, {"blamed": blamed}):
        state, effects = step(a_state(**known), e.CommitTrusted(NOW, named, "Alice"), make_policy())
        assert state.denied == (left if "denied" in known else ())
        assert tuple(code for _, code, _ in state.blamed) == (left if "blamed" in known else ())
        assert effects == (Note(NOW, "", None, label, text),)


@pytest.mark.parametrize(
    ("condition", "state", "over"),
    [
        ("blind", State(blind_since=1.0), True),
        ("blind", State(), True),
        ("blind", State(failing={"sight/other": Failing(1.0, "failing", "dark", ())}), False),
        ("disarmed", State(disarmed="why"), False),
        ("disarmed", State(), True),
        ("channel/pager", State(failing={"channel/pager": Failing(1.0, "failing", "down", ())}), False),
        ("channel/pager", State(), True),
        ("record", State(), False),
    ],
)
def test_a_page_about_the_watchdog_itself_is_over_when_it_is_no_longer_so(
    condition: str, state: State, over: bool
) -> None:
    """So that one that waited, or that a dead worker left, does not ring afterwards."""
    assert page_is_over(state, condition) is over
