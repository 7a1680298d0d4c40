"""A restored backup forgets denials: what the platform's list tells of them is learned again, and asked about."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from tests.core import worlds
from tests.core.incident_fields import amended
from tests.core.world import DAY, FOREVER, Fault, World, make_policy, old_deploy
from tests.core.worlds import hear, incident_of, put, quiet, reach, web
from tests.support.effect_readers import kinds, lines, notices, tell_of
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Phase, State
from watchdog.domain.policy import Mode

listed = partial(worlds.listed, auto_deploy="off")
BAD, GOOD, OLDER, OLDEST_LISTED = "bad00000", "aaaaaaa1", "ccccccc1", "aaaaaaa0"


def after_a_rollback(backup: State, answer: str = "none") -> World:
    """Return a world in which a rollback was verified long ago, and whose record is a copy of before."""
    world = quiet(answer=answer)
    assert len(world.accepted) == 1
    world.state = backup
    return world


def taken_up(world: World) -> World:
    """Let the world's worker begin anew."""
    hear(world, e.Restarted(world.now))
    return world


def restored() -> World:
    """Return such a world whose worker began anew with a copy of before the incident."""
    return taken_up(after_a_rollback(reach(Phase.CALM).state))


@pytest.mark.parametrize(
    ("auto_deploy", "says"), [("off", "AUTO-DEPLOY IS OFF"), ("unknown", "AUTO-DEPLOY MAY BE OFF"), ("commit", "")]
)
def test_case_55_the_code_that_it_left_is_denied_and_auto_deploy_is_reported(auto_deploy: str, says: str) -> None:
    """Once; the former value is not known, and nothing is switched."""
    world = restored()
    assert world.state.denied == ()
    effects = listed(world, auto_deploy=auto_deploy)
    assert world.state.denied == (BAD,) and [code for code, _ in web(world).bad] == [BAD]
    assert notices(effects) == ["human_needed"] and lines(effects, "RETURNED") == []
    (note,) = lines(effects, "HUMAN")
    what = f"the record lacks {web(world).live}, a rollback away from bad0000"
    assert note.startswith(f"{what}. ") and tell_of(effects).notice.title == f"web: {what}"
    assert "bad0000 is deny-listed: a rollback from it is asked about. If it is good: watchdog commit trust bad" in note
    assert says in note and ("AUTO-DEPLOY" in note) is bool(says)
    assert {"PinAutoDeploy", "RestoreAutoDeploy"}.isdisjoint(kinds(effects))
    assert notices(listed(world, auto_deploy=auto_deploy)) == []


@pytest.mark.parametrize("answer", ["none", "approve"])
def test_case_55_it_is_not_rolled_back_a_second_time_without_a_human(answer: str) -> None:
    """The same commit comes back after the restore: asked, as if nothing had been forgotten."""
    world = taken_up(after_a_rollback(reach(Phase.CALM).state, answer))
    listed(world)
    world.ship(3000.0, BAD, trigger="deploy_hook")
    world.run(3400.0)
    assert [tell.notice.wakes for tell in world.tells if tell.notice.kind.value == "asked"] == [True]
    assert len(world.accepted) == (2 if answer == "approve" else 1) and world.broken == []


@pytest.mark.parametrize(
    ("sign", "auto_deploy", "after", "asked"),
    [
        ("a rollback", "commit", 10.0, True),
        ("a canceled one", "commit", 10.0, True),
        ("a canceled one", "commit", 610.0, False),
        ("none", "off", 10.0, True),
        ("new code by the API", "commit", 10.0, False),
    ],
)
def test_case_55_other_code_is_asked_about_too_soon_after_the_record_was_found_to_lack_a_change(
    sign: str, auto_deploy: str, after: float, asked: bool
) -> None:
    """The copy also forgot when the site broke, and who was asked: newer code would be blamed for an older failure."""
    world = taken_up(after_a_rollback(reach(Phase.CALM).state))
    put(world, facts=replace(world.facts, auto_deploy="commit"))
    world.faults.append(Fault(0.0, FOREVER, code="new00000"))
    shown = {
        "a rollback": tuple(world.deploys),
        "a canceled one": chain(world, GOOD, status="canceled"),
        "none": chain(world),
        "new code by the API": chain(world, "ddddddd1", trigger="api"),
    }
    listed(world, *shown[sign], auto_deploy=auto_deploy)
    world.ship(world.time + after, "new00000")
    world.run(world.time + after + 300.0)
    assert [tell.notice.kind.value for tell in world.tells].count("asked") == asked and world.broken == []
    assert len(world.accepted) == (1 if asked else 2)


def test_what_came_back_before_the_restore_is_told_as_any_return() -> None:
    """The denial comes from the first list, and with it the page."""
    world = after_a_rollback(reach(Phase.CALM).state)
    back = world.begin(BAD, "manual")
    effects = listed(taken_up(world))
    assert back in lines(effects, "RETURNED")[0] and notices(effects) == ["human_needed", "human_needed"]


@pytest.mark.parametrize("serves_again", [False, True])
def test_case_55_auto_deploy_is_not_given_back_to_it(serves_again: bool) -> None:
    """A copy of while auto-deploy was being switched off: the site is well, and the next merge might bring it back.

    Or the bad commit is live once more: the rollback that was decided stands down, and no more.
    """
    world = after_a_rollback(reach(Phase.PINNING).state)
    incident = amended(incident_of(world), previous="commit")
    put(world, auto_deploy_off="commit", pinned_for="web-1", incident=incident)
    if serves_again:
        world.ship(world.time, BAD, trigger="deploy_hook")
        world.run(world.time + 1.0)
    world.tell(e.Restarted(world.now))
    world.run(world.time + 1500.0)
    assert len(world.accepted) == 1 and world.restores == [] and world.facts.auto_deploy == "off"
    if serves_again:
        assert [tell.notice.wakes for tell in world.tells if tell.notice.kind.value == "human_needed"][-1:] == [True]
    else:
        assert web(world).phase is Phase.CALM and web(world).auto_deploy_off == "commit"
        assert any("AUTO-DEPLOY" in tell.notice.title for tell in world.tells)


def test_case_55_an_order_of_before_to_give_auto_deploy_back_holds_no_more() -> None:
    """Until a person asks for it, or an incident of later ends."""
    world = after_a_rollback(reach(Phase.CALM).state)
    put(world, auto_deploy_off="commit", pinned_for="web-1")
    assert not web(world).overtaken
    listed(taken_up(world))
    assert web(world).overtaken and web(world).auto_deploy_off == "commit"
    assert notices(listed(taken_up(world))) == [], "it is in the record by now"
    assert web(world).overtaken, "the order is not carried out after the next start either"
    effects = hear(world, e.RestoreRequested(world.now, "web", "ann"))
    assert "RestoreAutoDeploy" in kinds(effects) and not web(world).overtaken


def chain(world: World, *codes: str, status: str = "deactivated", trigger: str = "rollback") -> Sequence[Deploy]:
    """Return the world's list before its rollback, with rollbacks to these codes above it, newest first."""
    base = [deploy for deploy in world.deploys if not deploy.is_rollback]
    made = [
        Deploy(f"dep-r{number}", status, trigger, code, created_at=world.now - 100.0 + number)
        for number, code in enumerate(codes)
    ]
    return (*reversed(made), *(replace(deploy, status="deactivated") for deploy in base))


BUILT = {"trigger": "api"}
"""Its artefact was gone, so the platform calls it a deploy by the API; the code tells that it led back."""


@pytest.mark.parametrize(
    ("codes", "how", "denied"),
    [
        ((GOOD,), {}, (BAD,)),
        ((GOOD, BAD), {}, ()),  # a person took it back
        ((GOOD, OLDER), {}, (BAD, GOOD)),  # from the good one to an older one: it was not good either
        ((GOOD, OLDER, OLDEST_LISTED), {}, (BAD, GOOD)),  # and forward again: that left no newer code
        ((GOOD, BAD, GOOD), {}, (BAD,)),  # taken back, and left once more
        ((BAD,), {}, ()),  # configuration alone
        ((), {}, ()),
        ((GOOD,), {"status": "update_failed"}, (BAD,)),  # the daemon had its one try
        ((GOOD, BAD), {"status": "update_failed"}, (BAD,)),  # it is not live again by that
        ((BAD,), {"status": "update_failed"}, ()),
        ((GOOD,), {"status": "canceled"}, ()),  # it led nowhere
        ((GOOD,), BUILT, (BAD,)),
        ((GOOD, BAD), BUILT, (BAD,)),  # brought back as it came, by who knows whom
        (("new00000",), BUILT, ()),  # an ordinary deploy of a pipeline
        (("new00000", GOOD), BUILT, ("new00000",)),
    ],
)
def test_case_55_each_of_several_rollbacks_is_judged(
    codes: tuple[str, ...], how: dict, denied: tuple[str, ...]
) -> None:
    """What was led back to is not denied. Each has its notice; without one there is one of auto-deploy that is off."""
    world = restored()
    noted = lines(listed(world, *chain(world, *codes, **how)), "HUMAN")
    assert world.state.denied == denied and len(web(world).record_gap_notices) == max(len(denied), 1)
    rollbacks = bool(codes) and how is not BUILT
    lacked = ", ".join(f"dep-r{number}" for number in range(len(codes)))
    taken_back = [line.split(":")[0] for line in noted if ": canceled, or taken back" in line]
    assert taken_back == [f"the record lacks {lacked}"] * (rollbacks and not denied)


@pytest.mark.parametrize(
    ("live_at", "status", "denied"),
    [(0.0, "deactivated", "new00000"), (1.0, "deactivated", BAD), (-1.0, "update_failed", BAD)],
)
def test_case_55_what_went_live_only_after_it_was_made_is_not_what_it_left(
    live_at: float, status: str, denied: str
) -> None:
    """A colleague's deploy was on its way when ours was sent, and served for a moment; or it never served."""
    world = restored()
    deploys = chain(world, GOOD)
    made = deploys[0].created_at
    overtaken = Deploy("dep-o", status, commit="new00000", created_at=made - 5.0, finished_at=made + live_at)
    listed(world, deploys[0], overtaken, *deploys[1:])
    assert world.state.denied == (denied,)


def test_what_a_person_is_taking_back_and_what_the_list_does_not_reach_is_not_denied() -> None:
    """What served before the oldest listed deploy is not known."""
    world, other = restored(), restored()
    newest, *older = chain(world, GOOD, BAD)
    listed(world, replace(newest, status="update_in_progress"), *older)
    listed(other, *chain(other, GOOD)[:1])
    assert world.state.denied == other.state.denied == ()


@pytest.mark.parametrize(
    ("phase", "unread"),
    [(Phase.ROLLING_BACK, False), (Phase.ROLLING_BACK, True), (Phase.DEPLOYING, False), (Phase.VERIFYING, False)],
)
def test_our_own_rollback_is_not_missing(phase: Phase, unread: bool) -> None:
    """It was sent, and the record was saved before its answer came, or before the next list."""
    world = reach(phase)
    denied = world.state.denied
    put(world, deploys=tuple(deploy for deploy in web(world).deploys if not deploy.is_rollback))
    if phase is Phase.ROLLING_BACK:
        world.begin(GOOD, "rollback")
        if unread:  # a fresh deploy may be listed before its commit is
            world.deploys[0] = replace(world.deploys[0], commit=None)
    effects = listed(taken_up(world))
    assert lines(effects, "HUMAN") == [] and world.state.denied == denied


@pytest.mark.parametrize(("after", "lacked"), [(-1.0, 1), (0.0, 0)])
def test_a_rollback_from_before_the_incident_is_not_its_own(after: float, lacked: int) -> None:
    """Of the same code, made by a person a moment before."""
    world = reach(Phase.ROLLING_BACK)
    made = replace(world.deploys[0], id="dep-x", trigger="rollback", commit=GOOD)
    before = replace(made, created_at=incident_of(world).opened_at + after)
    told = lines(listed(taken_up(world), before, *world.deploys), "HUMAN")
    assert [line.split(". ")[0] for line in told] == ["the record lacks dep-x, a rollback away from bad0000"] * lacked


@pytest.mark.parametrize(("late", "denied"), [(60.0, ()), (61.0, (BAD,))])
def test_case_55_a_rollback_long_after_the_request_of_a_copy_is_missing(late: float, denied: tuple[str, ...]) -> None:
    """The copy is of before it was sent: nothing was sent by it, and a later attempt made this one."""
    world = reach(Phase.ROLLING_BACK)
    requested = incident_of(world).rollback.requested_at
    assert requested is not None
    world.begin(GOOD, "rollback")
    world.deploys[0] = replace(world.deploys[0], created_at=requested + late)
    listed(taken_up(world), at=late + 1.0)
    assert world.state.denied == denied


@pytest.mark.parametrize(
    ("status", "denied", "why"),
    [
        ("update_failed", (BAD,), "returned: bad0000 was rolled back here before"),
        ("canceled", (), "record: "),
    ],
)
def test_case_55_what_was_decided_by_a_copy_is_asked_about_once_the_rollback_it_lacks_is_found(
    status: str, denied: tuple[str, ...], why: str
) -> None:
    """The copy is of the moment before it was sent; decided again, it is one for people: never a second one."""
    world = reach(Phase.PINNING)
    world.begin(GOOD, "rollback")
    world.deploys[0] = replace(world.deploys[0], status=status)
    listed(taken_up(world), at=61.0)
    assert world.state.denied == denied
    after = hear(world, e.PinConfirmed(world.now, "web", "web-1", "commit"))
    assert "Rollback" not in kinds(after) and why in lines(after, "WAIT")[0]


def test_without_a_record_or_a_list_nothing_is_learned() -> None:
    """A first start: old rollbacks are history. An empty list tells nothing, and the next one does."""
    first = World(make_policy(), [old_deploy("dep-41", BAD, 1.0, "live"), old_deploy("dep-40", GOOD, 2.0)])
    listed(taken_up(first), *chain(first, GOOD))
    assert first.state.denied == ()
    world = restored()
    hear(world, e.DeploysListed(world.now, "web", (), world.facts))
    assert web(world).unlisted
    listed(world, at=5.0)
    assert world.state.denied == (BAD,) and not web(world).unlisted


def test_what_is_denied_already_is_not_denied_twice() -> None:
    """Another service denied the same code, or another one. An alert that is open by a memory is not doubled."""
    for known, denied in (((BAD,), (BAD,)), (("eeeeeeee",), ("eeeeeeee", BAD))):
        world = taken_up(after_a_rollback(replace(reach(Phase.CALM).state, denied=known)))
        rollback = world.deploys[0].id
        put(world, record_gap_notices=((rollback, world.now - 60.0),))
        listed(world)
        assert world.state.denied == denied and [code for code, _ in web(world).bad] == [BAD]
        assert web(world).record_gap_notices == ((rollback, world.now),)


@pytest.mark.parametrize(
    ("recorded", "gap_seconds", "now", "told"),
    [
        ("commit", 0.0, "off", 1),
        ("commit", 0.0, "commit", 0),
        ("commit", 0.0, "unknown", 0),
        ("off", 0.0, "off", 0),
        ("off", 300.0, "off", 0),
        ("unknown", 0.0, "off", 0),  # the platform had not said: nothing shows that anyone switched it
        # The record has no list at all: a copy of the first minute, or a first start.
        (None, 60.0, "off", 1),
        (None, 60.0, "commit", 0),
        (None, 59.0, "off", 0),
    ],
)
def test_case_55_auto_deploy_that_is_off_and_was_not_by_the_record_is_told_once(
    recorded: str | None, gap_seconds: float, now: str, told: int
) -> None:
    """It was switched off for an incident that a restored store lacks, and a person mended the site meanwhile."""
    world = reach(Phase.CALM)
    put(world, facts=replace(world.facts, auto_deploy=recorded) if recorded is not None else None)
    seen_at = max(check.last_at for check in web(world).checks.values())
    # Another worker takes it up before the list comes: that one begins without a gap.
    for at in (seen_at + gap_seconds, world.now):
        hear(world, e.Restarted(at))
    effects = listed(world, auto_deploy=now)
    assert (web(world).record_lacked_at is not None) is (told == 1 and recorded is not None)
    was = f"it was {recorded}: it was switched off" if recorded else "it was never read: it may have been switched off"
    off = f"AUTO-DEPLOY IS OFF on web. By the record {was} while no worker looked"
    assert [line.startswith(off) for line in lines(effects, "HUMAN")] == [True] * told
    assert ["is asked about" in line for line in lines(effects, "HUMAN")] == [recorded is not None] * told
    assert [one.notice.incident for one in effects if isinstance(one, fx.Tell)] == ["web/auto-deploy"] * told
    assert notices(listed(world, auto_deploy=now, at=5.0)) == []


@pytest.mark.parametrize(("mode", "told"), [(Mode.OBSERVE, []), (Mode.ASSIST, ["human_needed"])])
def test_what_is_only_observed_was_not_switched_off_by_a_daemon(mode: Mode, told: list[str]) -> None:
    """A new user's second start, with the key this time: auto-deploy is off on purpose. No check was read before it."""
    world = reach(Phase.CALM, make_policy(mode))
    put(world, facts=None, checks={})
    hear(world, e.Restarted(world.now + 600.0))
    assert notices(listed(world, auto_deploy="off", at=601.0)) == told and not web(world).unread_gap


@pytest.mark.parametrize("put_off", ["", "commit"])
def test_auto_deploy_that_an_open_incident_or_the_record_knows_to_be_off_is_not_told_anew(put_off: str) -> None:
    """Their end tells of it, or people know."""
    world = reach(Phase.CALM) if put_off else reach(Phase.PINNING)
    put(world, auto_deploy_off=put_off, pinned_for="web-1" if put_off else "")
    assert lines(listed(taken_up(world)), "HUMAN") == []
    if not put_off:
        world = reach(Phase.PINNING)
        put(world, incident=amended(incident_of(world), previous="checksPass"))
        listed(taken_up(world))
        assert incident_of(world).pin.previous == "checksPass", "what was read at the order holds"


@pytest.mark.parametrize(
    ("phase", "put_off", "previous"),
    [
        (Phase.PINNING, False, "commit"),
        (Phase.ASKING, False, None),
        (Phase.SUSPECT, True, "commit"),
        (Phase.ANNOUNCED, True, None),
    ],
)
def test_case_55_the_order_of_a_restored_incident_is_what_switched_auto_deploy_off(
    phase: Phase, put_off: bool, previous: str | None
) -> None:
    """The copy is older than the answer to the order, so the next order reads back our own `off`. A question orders
    nothing, nor does an approval that waits in its window: people are told that it is off, and the incident asks.
    """
    world = reach(Phase.PINNING if phase is Phase.SUSPECT else phase)
    if put_off:
        put(world, phase=phase, incident=amended(incident_of(world), blocked_since=world.now))
    effects = listed(taken_up(world))
    incident = web(world).incident
    assert incident is not None and incident.pin.previous == previous
    assert notices(effects) == ["human_needed"] * (previous is None)
    assert (web(world).record_lacked_at is None) is (previous is not None)
    if phase is Phase.PINNING:
        hear(world, e.PinConfirmed(world.now, "web", incident.id, "off"))
        assert web(world).auto_deploy_off == "commit"


def test_the_notice_about_it_is_closed_once_it_serves_no_more_and_auto_deploy_is_on() -> None:
    """A pager keeps it open otherwise, as information that nobody ends; that its code is not denied ends nothing."""
    world = restored()
    listed(world)
    rollback = web(world).live
    assert [about for about, _ in web(world).record_gap_notices] == [rollback]
    assert web(world).returned == (), "an older worker would end a notice of that list as its code is not denied"
    assert notices(listed(world, auto_deploy="commit", at=5.0)) == [], "it serves"
    world.end(world.begin("ddddddd1", "manual"))
    assert notices(listed(world, at=10.0)) == [], "the same notice says that auto-deploy is off"
    effects = listed(world, auto_deploy="commit", at=15.0)
    ended = tell_of(effects).notice
    assert (ended.incident, ended.resolves) == (rollback, True)
    assert ended.title == f"web: a rollback that the record lacked: {rollback} is over"
    assert web(world).record_gap_notices == ()


@pytest.mark.parametrize("what", ["a rollback", "auto-deploy"])
def test_case_55_a_notice_about_what_the_record_lacked_is_closed_after_a_day(what: str) -> None:
    """Auto-deploy may be off on purpose: no list shows that, and no one has anything left to do."""
    world = after_a_rollback(reach(Phase.CALM).state) if what == "a rollback" else reach(Phase.CALM)
    put(world, facts=replace(world.facts, auto_deploy="commit"))
    (opened,) = [one.notice for one in listed(taken_up(world)) if isinstance(one, fx.Tell)]
    assert notices(listed(world, at=DAY - 1.0)) == []
    (ended,) = [one.notice for one in listed(world, at=DAY) if isinstance(one, fx.Tell)]
    assert ended.resolves and ended.dedup_key == opened.dedup_key and ended.lines[-1] == "Auto-deploy is off."
    assert ended.title == "web: an alert about what the record lacked is closed"
    assert (web(world).record_gap_notices, web(world).auto_deploy_notice_thread) == ((), "")
    assert notices(listed(world, at=DAY + 5.0)) == []


@pytest.mark.parametrize("by", ["the list", "a switch of ours"])
def test_a_day_ends_no_alert_that_ended_already_or_is_about_a_switch_of_ours(by: str) -> None:
    """The first was closed by the list; the second is closed by what gives auto-deploy back."""
    world = reach(Phase.CALM)
    put(world, facts=replace(world.facts, auto_deploy="commit"))
    listed(taken_up(world))
    if by == "the list":
        listed(world, auto_deploy="commit", at=5.0)
    else:
        put(world, auto_deploy_off="commit", pinned_for="web-1")
    listed(world, at=10.0)
    assert web(world).record_gap_notices == () and notices(listed(world, at=DAY)) == []


def test_auto_deploy_that_is_off_by_the_list_alone_is_ended_by_the_list() -> None:
    """The notice stays open until the platform shows it as on."""
    world = reach(Phase.CALM)
    put(world, facts=replace(world.facts, auto_deploy="commit"))
    (opened,) = [one.notice for one in listed(taken_up(world)) if isinstance(one, fx.Tell)]
    for at, value in ((5.0, "off"), (10.0, "unknown")):
        assert notices(listed(world, auto_deploy=value, at=at)) == []
    (ended,) = [one.notice for one in listed(world, auto_deploy="commit", at=15.0) if isinstance(one, fx.Tell)]
    assert ended.resolves and ended.dedup_key == opened.dedup_key
    assert notices(listed(world, auto_deploy="commit", at=20.0)) == []


def test_a_record_without_deploys_lacks_nothing_however_wrong_the_clock_is() -> None:
    """A start without the store, on a host whose clock is an hour behind: each listed deploy is newer than now."""
    world = after_a_rollback(reach(Phase.CALM).state)
    put(world, deploys=(), deploys_at=None, live=None, facts=None)
    hear(world, e.Restarted(world.now - 3600.0))
    assert notices(listed(world, at=-3600.0)) == [] and world.state.denied == ()
