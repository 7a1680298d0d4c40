"""The contract of ports.Store, held by every store."""

import asyncio
from dataclasses import replace

import pytest

from watchdog.adapters.stores import retention
from watchdog.domain.commands.announcements import Announcement, Draft, Stage, Update
from watchdog.domain.drills.drill import Drill, DrillMethod
from watchdog.domain.effects import Note, PinAutoDeploy, ReadDeploys, Rollback, Tell, WakeAt
from watchdog.domain.errors import Temporary, Withdrawn
from watchdog.domain.events import Paused, TimePassed
from watchdog.domain.follow_ups import FollowUp, Tick, ticked
from watchdog.domain.incident_notes import Remark, root_causes
from watchdog.domain.incidents import Outcome
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.remedies.database_step import DatabaseAction, DatabaseStep, StepOutcome
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import FLEET, ActionRow, CommandAnswer, FeedHour, Minute, Write
from watchdog.ports import Store

NOTICE = Notice(5.0, "inc-1", "api", Severity.CRITICAL, NoticeKind.OPENED, "api is down", wakes=True)
TELL = Tell(NOTICE, ("pager", "chat"))
PIN = PinAutoDeploy("api", "inc-1", "srv-1")
ROLLBACK = Rollback("api", "inc-1", "srv-1", "dep-2", "dep-1", "abc", "dep-2")
STAGE = Stage.INVESTIGATING
ROW = ActionRow("inc-1", "rollback", "planned", "dep-1", "dep-2")
SIGNAL = ("api", "home")


def note(at: float, *, service: str = "api", incident: str | None = "inc-1", text: str = "5 of 5 failed") -> Note:
    return Note(at, service, incident, "CRITICAL", text)


def minute(start: float, good: int = 6, bad: int = 0, p95: float | None = 0.2, why: str = "") -> Minute:
    return Minute(*SIGNAL, start, good, bad, 0, 0.1, p95, 0.3, why)


async def test_an_empty_store_knows_nothing(store: Store) -> None:
    assert await store.load() is None and await store.action("inc-1", "rollback") is None
    assert await store.reference("inc-1", "chat") is None and await store.incident("inc-1") is None
    assert await store.command(1) is None
    assert [*await store.pending(), *await store.incidents(), *await store.notes(), *await store.commands()] == []
    assert [*await store.minutes("api", 0, 1e12), *await store.deliveries(1), *await store.labels()] == []


async def test_the_last_saved_state_comes_back(store: Store, a_state, an_incident) -> None:
    """Saving replaces; a healthy snapshot has no event and no effects."""
    await store.save(Write(a_state(an_incident(), paused_by="ann"), Paused(1.0, "ann")))
    assert await store.save(Write(a_state(denied=("abc",)))) == ()
    assert await store.load() == a_state(denied=("abc",))


async def test_outside_effects_are_recorded_in_order_and_stay_until_finished(store: Store, a_state) -> None:
    """Only effects on the outside are pending; ids grow and are never given out again."""
    effects = (WakeAt(9.0), PIN, ReadDeploys("api", 5.0), ROLLBACK, note(1.0), TELL)
    recorded = await store.save(Write(a_state(), TimePassed(1.0), effects))
    assert [pending.effect for pending in recorded] == [PIN, ROLLBACK, TELL] and await store.pending() == recorded
    for pending in recorded:
        await store.finish(pending.id, "done")
    assert await store.pending() == ()
    (again,) = await store.save(Write(a_state(), TimePassed(2.0), (PIN,)))
    assert again.id > recorded[-1].id
    await store.finish(again.id, "done")
    await store.finish(again.id, "done twice does no harm")


async def test_an_incident_follows_the_state_and_outlives_it(store: Store, a_state, an_incident) -> None:
    """An incident is stored as it was last seen in a service, also after the service dropped it."""
    await store.save(Write(a_state(an_incident(1)), TimePassed(1.0)))
    await store.save(Write(a_state(an_incident(1, closed_at=99.0, outcome=Outcome.VERIFIED)), TimePassed(2.0)))
    await store.save(Write(a_state(), TimePassed(3.0)))
    await store.save(Write(a_state(an_incident(2)), TimePassed(4.0)))
    assert await store.incident("inc-1") == an_incident(1, closed_at=99.0, outcome=Outcome.VERIFIED)
    assert [one.id for one in await store.incidents()] == ["inc-2", "inc-1"]
    assert [one.id for one in await store.incidents(limit=1)] == ["inc-2"]
    assert [one.id for one in await store.incidents(open_only=True)] == ["inc-2"]
    service, opened_at = an_incident(1).service, an_incident(1).opened_at
    assert [one.id for one in await store.incidents(1, service=service)] == ["inc-2"]
    assert await store.incidents(service="none") == ()
    assert [one.id for one in await store.incidents(until=opened_at)][-1] == "inc-1"
    assert await store.incidents(until=opened_at - 1e9) == ()


async def test_an_incident_that_ended_outside_the_state_is_stored_as_it_ended(
    store: Store, a_state, an_incident
) -> None:
    """The state went on to the next one, or let it go, while nothing could be saved."""
    await store.save(Write(a_state(an_incident(1)), TimePassed(1.0)))
    over = an_incident(1, closed_at=99.0, outcome=Outcome.RECOVERED)
    await store.save(Write(a_state(an_incident(2)), TimePassed(4.0), closed=(over, an_incident(2, closed_at=1.0))))
    assert (await store.incident("inc-1"), await store.incident("inc-2")) == (over, an_incident(2))
    await store.save(Write(a_state(an_incident(2)), closed=(over,)))
    assert await store.incident("inc-1") == over


async def test_an_answer_is_saved_with_what_the_command_changed_or_neither_is(store: Store, a_state) -> None:
    """Of a command that its author withdrew meanwhile nothing is saved."""
    number = await store.submit("pause", {}, "ann")
    said = CommandAnswer(number, ok=True, text="PAUSED by ann", exit_code=0)
    await store.save(Write(a_state(paused_by="ann"), Paused(1.0, "ann"), answer=said))
    answered = await store.command(number)
    assert answered is not None and (answered.done, answered.ok, answered.answer) == (True, True, "PAUSED by ann")
    other = await store.submit("pause", {}, "bob")
    assert await store.answer(other, ok=False, text="withdrawn", exit_code=1)
    for gone in (other, other + 1):
        with pytest.raises(Withdrawn):
            await store.save(
                Write(a_state(paused_by="bob"), Paused(2.0, "bob"), (TELL,), answer=replace(said, id=gone))
            )
    assert await store.load() == a_state(paused_by="ann") and await store.pending() == ()
    assert (await store.command(other)).answer == "withdrawn"  # type: ignore[union-attr]


async def test_notes_are_found_by_incident_service_and_time(store: Store, a_state) -> None:
    """Every question is a filter; both ends of the time are included; the limit keeps the newest."""
    story = [note(1.0), note(2.0, incident=None), note(3.0, service="web", incident="inc-2"), note(4.0)]
    await store.save(Write(a_state(), TimePassed(1.0), story[:2]))
    await store.save(Write(a_state(), TimePassed(4.0), story[2:]))
    assert list(await store.notes()) == story and list(await store.notes(incident="inc-1")) == [story[0], story[3]]
    assert list(await store.notes(service="web")) == [story[2]]
    assert list(await store.notes(since=2.0, until=3.0)) == story[1:3]
    assert list(await store.notes(limit=2)) == story[2:] and list(await store.notes(limit=0)) == []


async def test_a_changing_call_is_journalled_step_by_step_and_of_rivals_one_moves_the_row(store: Store) -> None:
    """A row is inserted once and moves on only from the state that the caller saw, however many try at once."""
    assert await store.put_action(ROW, None)
    assert not await store.put_action(replace(ROW, target="dep-9"), None)
    assert await store.action("inc-1", "rollback") == ROW
    sending = [replace(ROW, state="sending", attempts=1, sent_at=7.5, note=str(n)) for n in range(8)]
    moved = await asyncio.gather(*(store.put_action(one, "planned") for one in sending))
    assert sorted(moved) == [False] * 7 + [True]
    assert not await store.put_action(replace(ROW, state="failed"), "planned")
    assert await store.action("inc-1", "rollback") == sending[moved.index(True)]
    assert not await store.put_action(replace(ROW, incident="inc-9"), "planned")
    assert await store.action("inc-9", "rollback") is None


async def test_a_row_that_is_sending_is_replaced_by_what_became_of_the_same_send_alone(store: Store) -> None:
    """A worker that stood still may have been overtaken by one that sent again. A switch of auto-deploy has no time."""
    sent, pin = replace(ROW, state="sending", attempts=2, sent_at=7.5), replace(ROW, step="pin", state="sending")
    assert await store.put_action(sent, None) and await store.put_action(pin, None)
    for earlier in (replace(sent, state="planned", sent_at=7.0), replace(sent, state="failed", sent_at=None)):
        assert not await store.put_action(earlier, "sending")
    assert await store.action("inc-1", "rollback") == sent
    assert await store.put_action(replace(sent, state="accepted", deploy="dep-3"), "sending")
    assert await store.put_action(replace(pin, state="done"), "sending")


async def test_a_change_by_hand_is_journalled_as_well_and_of_rivals_one_moves_the_row(store: Store) -> None:
    """A command's process has no lease on the service, and keeps the rest of the journal as it is."""
    row = ActionRow("inc-1", "git_revert", "sending", "abc", "def", "fed", 1, 7.5, service="api")
    assert await store.put_action(ROW, None)
    assert await store.put_action_by_hand(row, None) and not await store.put_action_by_hand(row, None)
    done = [replace(row, state="done", note=str(n)) for n in range(4)]
    moved = await asyncio.gather(*(store.put_action_by_hand(one, "sending") for one in done))
    assert sorted(moved) == [False] * 3 + [True]
    assert await store.action("inc-1", "git_revert") == done[moved.index(True)]
    assert await store.action("inc-1", "rollback") == ROW


async def test_a_delivery_is_remembered_with_its_reference(store: Store) -> None:
    """A channel has a notice once; the thread to answer in is the last one of that incident and channel."""
    await store.delivered(1, "chat", "inc-1", "thread-1")
    await store.delivered(1, "chat", "inc-1", "thread-again")
    await store.delivered(1, "pager", "inc-1", None)
    await store.delivered(2, "chat", "inc-2", "thread-2")
    assert list(await store.deliveries(1)) == ["chat", "pager"]
    assert await store.reference("inc-1", "chat") == "thread-1" and await store.reference("inc-1", "pager") is None
    await store.delivered(3, "chat", "inc-1", "thread-3")
    assert await store.reference("inc-1", "chat") == "thread-3" and list(await store.deliveries(99)) == []


async def test_a_label_needs_its_incident(store: Store, a_state, an_incident) -> None:
    """A human's verdict is kept per incident; the last one counts."""
    assert not await store.label("inc-1", "right", "ann")
    await store.save(Write(a_state(an_incident()), TimePassed(1.0)))
    assert await store.label("inc-1", "right", "ann")
    assert await store.label("inc-1", "wrong", "bob")
    assert await store.labels() == {"inc-1": "wrong"}


async def test_remarks_are_kept_in_order_with_who_and_when(store: Store, clock, a_state, an_incident) -> None:
    """A remark is added, never replaced; the mark of the root cause is kept too."""
    assert not await store.remark("inc-1", "nobody knows it", "ann") and await store.remarks() == ()
    await store.save(Write(a_state(an_incident(1)), TimePassed(1.0)))
    await store.save(Write(a_state(an_incident(2)), TimePassed(2.0)))
    assert await store.remark("inc-1", "a lock", "ann", root_cause=True)
    began = clock.at
    clock.at += 60
    assert await store.remark("inc-2", "'; DROP TABLE remarks; -- \ud800", "bob")
    assert await store.remark("inc-1", "no: the pool", "bob", root_cause=True)
    first = Remark(began, "inc-1", "ann", "a lock", True)
    third = Remark(began + 60, "inc-1", "bob", "no: the pool", True)
    assert await store.remarks("inc-1") == (first, third)
    assert [one.incident for one in await store.remarks()] == ["inc-1", "inc-2", "inc-1"]
    assert root_causes(await store.remarks()) == {"inc-1": third} and await store.remarks("inc-9") == ()


async def test_ticks_are_kept_in_order_and_the_last_word_counts(store: Store, clock, a_state, an_incident) -> None:
    """The author of a tick and of its undoing stays; the latest row counts, for each incident alone."""
    assert not await store.tick("inc-1", "lessons", "ann") and await store.ticks() == ()
    await store.save(Write(a_state(an_incident(1)), TimePassed(1.0)))
    await store.save(Write(a_state(an_incident(2)), TimePassed(2.0)))
    began = clock.at
    assert await store.tick("inc-1", "lessons", "ann")
    clock.at += 60
    assert await store.tick("inc-2", "lessons", "bob")
    assert await store.tick("inc-1", "docs", "bob\0'; DROP TABLE ticks; --")
    assert await store.tick("inc-1", "lessons", "bob", undone=True)
    first, _, last = await store.ticks("inc-1")
    assert (first, last) == (
        Tick(began, "inc-1", "lessons", "ann"),
        Tick(began + 60, "inc-1", "lessons", "bob", undone=True),
    )
    assert [(one.incident, one.item) for one in await store.ticks()] == [
        ("inc-1", "lessons"), ("inc-2", "lessons"), ("inc-1", "docs"), ("inc-1", "lessons"),
    ]  # fmt: skip
    assert list(ticked(await store.ticks(), "inc-1")) == ["docs"]
    assert list(ticked(await store.ticks(), "inc-2")) == ["lessons"] and await store.ticks("inc-9") == ()


async def test_follow_ups_are_numbered_within_their_incident(store: Store, clock, a_state, an_incident) -> None:
    """A follow-up stays as it was added; the number makes its id, also where many add at once."""
    assert await store.follow_up("inc-1", "x", "ann", owner="team lead", due_at=9.0) is None
    assert await store.follow_ups() == ()
    await store.save(Write(a_state(an_incident(1)), TimePassed(1.0)))
    await store.save(Write(a_state(an_incident(2)), TimePassed(2.0)))
    due = clock.at + 3 * 86400
    first = await store.follow_up("inc-1", "Raise the pool size", "ann", owner="team lead", due_at=due)
    assert first == FollowUp(clock.at, "inc-1", 1, "ann", "Raise the pool size", "team lead", due)
    assert first.id == "own-1"
    await store.follow_up("inc-2", "'; DROP TABLE follow_ups; --", "bob", owner="bob", due_at=due)
    adding = [store.follow_up("inc-1", str(n), "ann", owner="ann", due_at=due) for n in range(5)]
    assert sorted(one.number for one in await asyncio.gather(*adding) if one is not None) == [2, 3, 4, 5, 6]
    assert [one.number for one in await store.follow_ups("inc-1")] == [1, 2, 3, 4, 5, 6]
    assert [(one.incident, one.number) for one in await store.follow_ups()][5:] == [("inc-1", 6), ("inc-2", 1)]
    assert await store.follow_ups("inc-9") == ()


async def test_announcements_are_numbered_and_only_added_to(store: Store, clock) -> None:
    """The newest come first, each with its own updates in their order; hostile text stays text."""
    assert await store.announcements() == () and not await store.update_announcement(1, Update(1.0, "x", STAGE, "x"))
    about = Draft("shop", "Payments fail", ("web", "api"))
    planned = Draft("other", "'; DROP TABLE announcements; -- \0", starts_at=clock.at + 60, ends_at=clock.at + 120)
    first = Update(clock.at, "ann", Stage.INVESTIGATING, "We look into it.")
    second = Update(clock.at + 60, "bob", Stage.RESOLVED, "A lock; it is gone. \N{SNOWMAN}")
    window = Update(clock.at, "ann", Stage.SCHEDULED, "A new database.")
    assert await store.announce(about, first) == Announcement(1, about, (first,))
    assert (await store.announce(planned, window)).id == "announcement-2"
    assert await store.update_announcement(1, second) and not await store.update_announcement(3, second)
    newest, oldest = await store.announcements()
    assert oldest == Announcement(1, about, (first, second)) and newest.updates == (window,)
    assert newest.about.starts_at == planned.starts_at and newest.about.title.startswith("'; DROP TABLE")
    assert await store.announcements(1) == (newest,)
    assert sorted(one.number for one in await asyncio.gather(*(store.announce(about, first) for _ in range(4)))) == [
        3, 4, 5, 6,
    ]  # fmt: skip


async def test_minutes_are_replaced_not_added(store: Store, clock) -> None:
    """Putting a minute again (its first answer was lost) does not count it twice."""
    start = clock.at - 60
    await store.put_minutes([minute(start, good=3)])
    await store.put_minutes([minute(start, good=5, p95=None, why="HTTP 503"), minute(start + 60)])
    await store.put_minutes([])
    expected = (minute(start, good=5, p95=None, why="HTTP 503"), minute(start + 60))
    assert await store.minutes("api", start, start + 120) == expected
    assert await store.minutes("api", start, start + 60) == expected[:1]
    assert await store.minutes("web", start, start + 120) == ()


async def test_spans_are_the_minutes_of_all_services_added_up(store: Store, clock) -> None:
    """In one read: counts and times summed, the largest percentiles, no reason; hours of long ago count as well."""
    hour = clock.at - clock.at % 3600
    rows = [minute(hour + 60 * number, 2, 1, 0.01 * number, "HTTP 503") for number in range(40)]
    other = replace(minute(hour + 60), service="web", watched_seconds=60.0, lost_seconds=0.0, timed_checks=6)
    await store.put_minutes([*rows, other])
    first = replace(
        rows[29], start=hour, good=60, bad=30, why="", watched_seconds=1800.0, lost_seconds=600.0, timed_checks=90
    )
    second = replace(
        rows[39], start=hour + 1800, good=20, bad=10, why="", watched_seconds=600.0, lost_seconds=200.0, timed_checks=30
    )
    assert await store.spans(hour, hour + 3600, 1800) == (first, replace(other, start=hour), second)
    assert await store.spans(hour + 60, hour + 120, 600) == (
        replace(rows[1], start=hour, why="", watched_seconds=60.0, lost_seconds=20.0, timed_checks=3),
        replace(other, start=hour),
    )
    assert await store.spans(hour, hour + 3600, 1800, ["web"]) == (replace(other, start=hour),)
    assert await store.spans(hour, hour + 3600, 1800, ["api", "none"]) == (first, second)
    assert await store.spans(hour, hour + 3600, 1800, []) == ()
    assert await store.spans(hour + 3600, hour + 7200, 1800) == ()
    clock.at += 50 * 3600.0
    await store.put_minutes([])
    assert sum(row.good for row in await store.spans(hour, hour + 3600, 1800)) == 80 + other.good


async def test_an_hour_lost_what_its_minutes_lost_however_often_they_were_checked(store: Store, clock) -> None:
    """A minute of suspicion has five times as many checks; also once it became a part of its hour, or was put anew."""
    hour = clock.at - clock.at % 3600
    calm = [minute(hour + 60 * number, 6, 0) for number in range(60) if number != 7]
    worried = replace(minute(hour + 420, 5, 25), watched_seconds=60.0, lost_seconds=50.0, timed_checks=30)
    await store.put_minutes([*calm, worried])
    for _ in range(2):
        (span,) = await store.spans(hour, hour + 3600, 3600)
        assert (span.bad, span.watched_seconds, span.lost_seconds) == (25, 3600.0, 50.0)
        clock.at += 50 * 3600.0
        await store.put_minutes([])
    (kept,) = await store.minutes("api", hour, hour + 3600)
    assert (kept.watched_seconds, kept.lost_seconds) == (3600.0, 50.0)


async def test_old_minutes_become_hours(store: Store, clock) -> None:
    """After 48 h an hour holds the sums of its minutes and the largest percentiles; later minutes are added."""
    hour = clock.at
    rows = [minute(hour, 6, 0, 0.2), minute(hour + 60, 4, 2, 0.9, "HTTP 503"), minute(hour + 120, 6, 0, None)]
    await store.put_minutes(rows)
    clock.at = hour + retention.MINUTES_KEPT_SECONDS + retention.HOUR_SECONDS - 1
    await store.put_minutes([])
    assert await store.minutes("api", hour, hour + 3600) == tuple(rows)
    clock.at += 1
    await store.put_minutes([])
    rolled = replace(minute(hour, 16, 2, 0.9, "HTTP 503"), watched_seconds=180.0, lost_seconds=20.0, timed_checks=18)
    assert await store.minutes("api", hour, hour + 3600) == (rolled,)
    await store.put_minutes([minute(hour + 180, 1, 1, 1.5)])
    rolled = replace(minute(hour, 17, 3, 1.5, "HTTP 503"), watched_seconds=240.0, lost_seconds=50.0, timed_checks=20)
    assert await store.minutes("api", hour, hour + 3600) == (rolled,)


async def test_after_400_days_hours_and_notes_are_gone(store: Store, clock, a_state) -> None:
    begin = clock.at
    await store.put_minutes([minute(begin)])
    await store.save(Write(a_state(), TimePassed(begin), [note(begin)]))
    clock.at = begin + retention.KEPT_SECONDS
    await store.put_minutes([minute(clock.at)])
    await store.save(Write(a_state(), TimePassed(clock.at), [note(clock.at)]))
    assert len(await store.minutes("api", 0, 1e12)) == len(await store.notes()) == 2
    clock.at += 1
    await store.put_minutes([])
    assert await store.minutes("api", 0, 1e12) == (minute(clock.at - 1),)
    assert list(await store.notes()) == [note(clock.at - 1)]


async def test_hours_of_feeds_are_replaced_by_fuller_ones_and_go_after_400_days(store: Store, clock) -> None:
    """A worker that just began knows the end of an hour alone; another service's are not returned."""
    hour = clock.at - clock.at % 3600
    first, second, other = (
        FeedHour(service, "errors", start, 60.0, 1800.0)
        for service, start in (("api", hour), ("api", hour + 3600), ("web", hour))
    )
    await store.put_feed_hours([second, other, first])
    await store.put_feed_hours([replace(first, count=1.0, seconds=60.0), replace(second, count=90.0, seconds=3600.0)])
    fuller = replace(second, count=90.0, seconds=3600.0)
    assert await store.feed_hours("api", hour, hour + 7200) == (first, fuller)
    assert await store.feed_hours("api", hour + 1, hour + 3600) == ()
    clock.at = hour + retention.KEPT_SECONDS + 1
    await store.put_minutes([])
    newest = FeedHour("api", "errors", hour + retention.KEPT_SECONDS, 1.0, 60.0)
    await store.put_feed_hours([newest])
    assert await store.feed_hours("api", 0.0, 1e12) == (fuller, newest)


async def test_announcements_go_400_days_after_their_end(store: Store, clock) -> None:
    """Resolved, or a window that is past; one that is open, was opened again or has a later window stays.

    They are looked for once an hour.
    """
    begin, ahead = clock.at, clock.at + retention.KEPT_SECONDS
    windows = [(None, None), (None, None), (None, None), (begin, begin + 3660), (ahead, ahead + 60)]
    stages = [(Stage.RESOLVED,), (STAGE,), (Stage.RESOLVED, Stage.MONITORING), (Stage.SCHEDULED,), (Stage.RESOLVED,)]
    for (starts_at, ends_at), (first, *more) in zip(windows, stages, strict=True):
        posted = await store.announce(Draft("shop", "x", (), starts_at, ends_at), Update(begin, "ann", first, "x"))
        for stage in more:
            await store.update_announcement(posted.number, Update(begin, "ann", stage, "y"))
    for clock.at, left in ((ahead, 5), (ahead + 3600, 4), (ahead + 7200, 3)):
        await store.put_minutes([])
        assert len(await store.announcements()) == left
    assert [one.number for one in await store.announcements()] == [5, 3, 2]
    assert (await store.announce(Draft("shop", "x"), Update(begin, "ann", STAGE, "x"))).number == 6


async def test_a_command_waits_for_its_answer(store: Store, clock) -> None:
    """The CLI queues, the daemon answers, the CLI reads; the time of asking is kept."""
    first = await store.submit("rollback", {"service": "api", "to": None}, "ann")
    second = await store.submit("pause", {}, "bob")
    (waiting, _) = await store.commands()
    assert (waiting.id, waiting.name, waiting.arguments) == (first, "rollback", {"service": "api", "to": None})
    assert (waiting.by, waiting.done, waiting.at) == ("ann", False, clock.at)
    await store.answer(first, ok=False, text="refused: paused", exit_code=3)
    assert [command.id for command in await store.commands()] == [second]
    assert [(one.id, one.by, one.done) for one in await store.asked()] == [(second, "bob", False), (first, "ann", True)]
    assert [one.id for one in await store.asked(limit=1)] == [second]
    assert [one.id for one in await store.asked(before=second)] == [first]
    answered = await store.command(first)
    assert answered == replace(waiting, done=True, ok=False, answer="refused: paused", exit_code=3)


async def test_what_a_role_did_not_allow_is_apart(store: Store) -> None:
    """Neither a member's late or forged answer counts, nor a text that only looks like one."""
    asked = await store.submit("pause", {}, "bob")
    late = await store.submit("refused", {"what": "approve", "refused": "too late"}, "ann")
    looks_so = await store.submit("refused", {"what": 'x", "not_allowed": true, "y": "', "not_allowed": False}, "ann")
    stranger = await store.submit("refused", {"what": "resume", "not_allowed": True}, "eve")
    assert [one.id for one in await store.asked(not_allowed=True)] == [stranger]
    assert [one.id for one in await store.asked(not_allowed=False)] == [looks_so, late, asked]
    assert [one.id for one in await store.asked(1, before=stranger, not_allowed=False)] == [looks_so]
    assert len(await store.asked()) == 4


async def test_a_queue_that_nobody_reads_is_bounded(store: Store) -> None:
    """Without a daemon the queue fills up and says so; one answer makes room."""
    ids = [await store.submit("pause", {}, "ann") for _ in range(retention.COMMANDS_WAITING_MAX)]
    with pytest.raises(Temporary, match=r"is the daemon running\?"):
        await store.submit("pause", {}, "ann")
    await store.answer(ids[0], ok=True, text="paused", exit_code=0)
    assert await store.submit("pause", {}, "ann") > ids[-1]


async def test_text_from_outside_does_no_harm(store: Store, a_state, an_incident) -> None:
    """NUL, half a surrogate pair, quotes and emoji in foreign text break no save."""
    nasty = "a\0b\ud800'; DROP TABLE notes; -- 🔥"
    await store.save(Write(a_state(an_incident(title=nasty)), TimePassed(1.0), [note(1.0, text=nasty)]))
    (kept,) = await store.notes()
    assert kept.text.endswith("'; DROP TABLE notes; -- 🔥")
    loaded = await store.load()
    assert loaded == a_state(an_incident(title=nasty))


async def test_saves_at_the_same_time_do_not_disturb_each_other(store: Store, a_state) -> None:
    """Many writers and readers in one process: every note is kept once, every id is given out once."""
    saves = [store.save(Write(a_state(), TimePassed(float(n)), [note(float(n)), PIN])) for n in range(12)]
    recorded, *_ = await asyncio.gather(asyncio.gather(*saves), *(store.notes() for _ in range(5)))
    assert len({pending.id for (pending,) in recorded}) == 12
    assert sorted(one.at for one in await store.notes()) == [float(n) for n in range(12)]


async def test_a_drill_is_begun_once_and_its_scoreboard_comes_back(store: Store) -> None:
    """Of one service a second one waits for the first one's end; the newest comes first."""
    drill = Drill(5.0, "web-staging", DrillMethod.BAD_COMMIT, "ann", commit="abc", targets={"restored": 300.0})
    begun = await store.begin_drill(drill)
    assert begun == replace(drill, number=1) and await store.begin_drill(drill) is None
    other = await store.begin_drill(replace(drill, service="api-staging"))
    assert other is not None and other.number == 2
    ended = replace(begun, took={"restored": 61.5}, problems=("late",), left=("auto-deploy is off",), ended_at=9.0)
    await store.put_drill(ended)
    assert await store.drills() == (other, ended) and await store.drills(1) == (other,)
    again = await store.begin_drill(drill)
    assert again is not None and again.number == 3


async def test_a_test_page_is_acknowledged_once_and_only_while_it_waits(store: Store, clock) -> None:
    """Not before it is out, not twice, not after its end; an outage never."""
    page = Drill(clock.now(), "page lead", DrillMethod.PAGE, "ann", began_at=clock.now(), pages={"pagerduty": ""})
    begun = await store.begin_drill(page)
    assert begun is not None and not await store.acknowledge_drill(begun.number, "bob")
    await store.put_drill(replace(begun, took={"paged": 0.4}, pages={"pagerduty": "woken"}))
    clock.at += 61.5
    assert await store.acknowledge_drill(begun.number, "bob")
    assert not await store.acknowledge_drill(begun.number, "eve") and not await store.acknowledge_drill(9, "eve")
    (kept,) = await store.drills()
    assert (kept.acknowledged_by, kept.took) == ("bob", {"paged": 0.4, "acknowledged": 61.5})
    assert kept.pages == {"pagerduty": "woken"}
    await store.put_drill(replace(begun, took={"paged": 0.4}, ended_at=clock.now()))
    assert not await store.acknowledge_drill(begun.number, "bob")


async def test_a_database_step_is_begun_once_and_comes_back(store: Store) -> None:
    """Of one service a second one waits for the first one's end; of another one it does not."""
    step = DatabaseStep(5.0, "web", DatabaseAction.RESTORE, "ann", "host", incident="web-1", dump="web-1.dump")
    begun = await store.begin_database_step(step)
    assert begun == replace(step, number=1) and await store.begin_database_step(step) is None
    other = await store.begin_database_step(replace(step, service="api", action=DatabaseAction.DUMP))
    assert other is not None and other.number == 2
    ended = replace(begun, outcome=StepOutcome.UNKNOWN, transaction="77", note="look", ended_at=9.0)
    await store.put_database_step(ended)
    again = await store.begin_database_step(step)
    assert again is not None and again.number == 3
    assert await store.database_steps("web") == (again, ended) and await store.database_steps("web", 1) == (again,)
    assert await store.database_steps("api") == (other,) and await store.database_steps("shop") == ()


async def test_the_first_delivery_of_each_channel_is_known(store: Store, clock) -> None:
    """Of one incident; a later notice changes nothing."""
    first = clock.now()
    await store.delivered(1, "chat", "inc-1", "c1")
    clock.at += 5
    await store.delivered(2, "chat", "inc-1", "c2")
    await store.delivered(2, "pager", "inc-1", "p1")
    await store.delivered(3, "pager", "inc-2", "p2")
    assert await store.first_deliveries("inc-1") == {"chat": first, "pager": first + 5}
    assert await store.first_deliveries("inc-9") == {}


async def test_a_store_says_what_waits_and_when_each_channel_had_its_last_message(store: Store, clock, a_state) -> None:
    """An only worker of its store is none of several; memory has no size, no events, and no age of what waits."""
    await store.renew_leases("the-worker", ("api", FLEET), ttl_seconds=60.0, ailment="the loop lags")
    (pin,) = await store.save(Write(a_state(), TimePassed(1.0), (PIN,)))
    began = clock.now()
    await store.delivered(1, "chat", "inc-1", "c1")
    clock.at += 5
    await store.delivered(2, "chat", "inc-1", "c2")
    seen = await store.survey()
    assert seen.arrived_at == {"chat": began + 5}
    assert seen.workers == ({} if store.sole else {"the-worker": "the loop lags"})
    if seen.size_bytes is not None:
        assert seen.size_bytes > 4096 and seen.oldest_at == 1.0 and seen.waiting_since == (began,)
        await store.finish(pin.id, "done")
        assert (await store.survey()).waiting_since == ()
