"""Commands of humans: each becomes an event, and the core's own words are the answer."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.core.incident_fields import amended
from tests.support.actuator_scene import client
from tests.support.clocks import PATIENCE_SECONDS, FakeClock
from tests.support.engine_scene import Scene, ShakyStore, scene
from tests.support.notification_vendors import tell
from tests.support.stores import opened
from watchdog.daemon.approvals.seen_facts import HAS_CHANGED
from watchdog.daemon.supervision.command_poller import FAILED, REFUSED, STALE_SECONDS, CommandPoller
from watchdog.domain import events as e
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Approver
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Command, PendingEffect, Write
from watchdog.sandbox import clock as today
from watchdog.sandbox.server import Sandbox


async def row(s: Scene, number: int) -> Command:
    command = await s.store.command(number)
    assert command is not None
    return command


async def answer(s: Scene, name: str, **given: Any) -> Command:
    """Submit a command, apply all, and return it with its answer."""
    number = await s.store.submit(name, given, "ann")
    await CommandPoller(s.store, s.engine, s.clock).apply_all()
    command = await row(s, number)
    assert command.done
    return command


async def refused_as_stale(s: Scene, number: int) -> bool:
    """Return whether that pause was refused and changed nothing."""
    command = await row(s, number)
    return (command.done, command.ok, s.engine.state.paused_by) == (True, False, "")


def with_incident(s: Scene, phase: Phase, denied: tuple[str, ...] = (), channels: tuple[str, ...] = ()) -> None:
    known = s.engine.state.services.get("web", ServiceState("web"))
    now, more = s.clock.now(), {"channels": channels, "suspect": known.live}
    made = Incident("web-1", "web", Severity.HIGH, now, now, "web is slow", **more)  # type: ignore[arg-type]
    web = replace(known, phase=phase, phase_since=s.clock.now(), incident=made)
    s.engine.state = State(services={"web": web}, denied=denied)


@asynccontextmanager
async def about(phase: Phase, denied: tuple[str, ...] = ()) -> AsyncIterator[Scene]:
    """Open a world whose deploys are known, and in which web has an incident in that phase."""
    async with scene(listed=True) as s:
        with_incident(s, phase, denied)
        yield s


async def no(s: Scene, exit_code: int, words: str, name: str, **given: Any) -> None:
    """Submit a command that is answered with no, in these words."""
    command = await answer(s, name, **given)
    assert (command.ok, command.exit_code) == (False, exit_code) and words in command.answer, command


QUIET = {"seconds": 60.0, "reason": "work"}
HIGH = {**QUIET, "of": "web", "signal": None, "severity": "high"}
APPLIED = [
    ("pause", {}, Phase.CALM, "PAUSED by ann"),
    ("resume", {}, Phase.CALM, "RESUMED by ann"),
    ("trust", {"commit": "1b7e0d4"}, Phase.CALM, "TRUSTED 1b7e0d4 by ann"),
    ("reject", {"incident": "web-1"}, Phase.ASKING, "REJECTED by ann"),
    ("stop", {"incident": "web-1"}, Phase.PINNING, "STOPPED by ann"),
    ("stop", {"incident": "web-1"}, Phase.ANNOUNCED, "STOPPED by ann"),
    ("acknowledge", {"incident": "web-1"}, Phase.PAGED, "ACKNOWLEDGED by ann"),
    ("acknowledge", {"incident": "web-1"}, Phase.DEPLOYING, "ACKNOWLEDGED by ann"),
    ("silence", HIGH, Phase.CALM, "SILENCED silence-1 of web, severity high by ann (work), for 60 s"),
    ("silence", {**QUIET, "of": None}, Phase.CALM, "SILENCED silence-1 of all services"),
    ("hold", {**QUIET, "of": None}, Phase.CALM, "HELD hold-1 of all services by ann (work)"),
    ("rollback", {"service": "web", "target": "dep-39"}, Phase.CALM, "BY HAND"),
    ("rollback", {"service": "web"}, Phase.PAGED, "BY HAND"),
]


@pytest.mark.parametrize(("name", "given", "phase", "words"), APPLIED)
async def test_a_command_is_applied_in_the_cores_words(
    name: str, given: dict[str, Any], phase: Phase, words: str
) -> None:
    """Exit code 0, and what the story says of it."""
    async with about(phase, denied=("1b7e0d4c95f2a8636de0b41f7c3a9d5826e0f4b7",)) as s:
        command = await answer(s, name, **given)
        assert (command.ok, command.exit_code) == (True, 0) and words in command.answer


NO_NINTH = "no open incident web-9; open: web-1"
NOES = [
    # A guard said no, and why.
    (REFUSED, "approve", {"incident": "web-1"}, Phase.PAGED, "nothing is asked: web is paged"),
    (REFUSED, "reject", {"incident": "web-1"}, Phase.DEPLOYING, "nothing is asked: web is deploying"),
    (REFUSED, "stop", {"incident": "web-1"}, Phase.ROLLING_BACK, "nothing can be stopped: web is rolling back"),
    (REFUSED, "rollback", {"service": "web"}, Phase.VERIFYING, "web-1 is being handled: verifying"),
    (REFUSED, "rollback", {"service": "web", "target": "dep-41"}, Phase.PAGED, "dep-41 was never live"),
    (REFUSED, "trust", {"commit": "abcdef1"}, Phase.CALM, "abcdef1 is not denied"),
    # It names nothing that we know: what there is.
    (FAILED, "reboot", {}, Phase.PAGED, "does not know the command reboot"),
    (FAILED, "", {}, Phase.PAGED, "does not know the command"),
    (FAILED, "approve", {}, Phase.PAGED, "approve needs incident"),
    (FAILED, "rollback", {}, Phase.PAGED, "rollback needs service"),
    (FAILED, "trust", {"commmit": "x"}, Phase.PAGED, "trust needs commit"),
    (FAILED, "rollback", {"service": "shop"}, Phase.PAGED, "no service shop; known: web"),
    *((FAILED, name, {"incident": "web-9"}, Phase.PAGED, NO_NINTH) for name in ("approve", "reject", "stop")),
]


@pytest.mark.parametrize(("exit_code", "name", "given", "phase", "words"), NOES)
async def test_a_no_has_its_exit_code_and_the_cores_words(
    exit_code: int, name: str, given: dict, phase: Phase, words: str
) -> None:
    """And nothing is sent; the next command is applied."""
    async with about(phase) as s:
        await no(s, exit_code, words, name, **given)
        assert (s.sent("POST"), s.sent("PATCH")) == (0, 0) and (await answer(s, "pause")).ok


async def test_without_an_open_incident_it_says_none() -> None:
    async with scene() as s:
        assert "open: none" in (await answer(s, "approve", incident="web-1")).answer


@pytest.mark.parametrize(("age_seconds", "applied"), [(STALE_SECONDS - 1, True), (STALE_SECONDS + 1, False)])
async def test_what_was_asked_while_nobody_ran_is_not_done_later(age_seconds: float, applied: bool) -> None:
    async with scene() as s:
        number = await s.store.submit("pause", {}, "ann")
        s.clock.freeze(age_seconds)
        await CommandPoller(s.store, s.engine, s.clock).apply_all()
        command = await row(s, number)
        assert (command.done, command.ok, bool(s.engine.state.paused_by)) == (True, applied, applied)
        if not applied:
            assert (command.exit_code, "ask again" in command.answer) == (FAILED, True)


async def test_what_its_author_gave_up_meanwhile_is_not_done() -> None:
    """They were told that it was withdrawn, after the poller had read what waits."""

    class Withdrawn(ShakyStore):
        async def commands(self) -> Sequence[Command]:
            found = await super().commands()
            for one in found:
                await self.answer(one.id, ok=False, text="withdrawn", exit_code=FAILED)
            return found

    async with scene(Withdrawn) as s:
        assert (await answer(s, "pause")).answer == "withdrawn" and not s.engine.state.paused_by


async def test_case_52_what_its_author_gave_up_at_the_last_moment_has_nothing_read_again() -> None:
    """Nothing was committed: what other workers have just sent would be sent again by the holder of the fleet."""

    class WithdrawnLast(ShakyStore):
        async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
            await super().answer(command_id, ok=False, text="withdrawn", exit_code=FAILED)
            return await super().answer(command_id, ok=ok, text=text, exit_code=exit_code)

    async with scene(WithdrawnLast) as s:
        s.engine.state = replace(s.engine.state, disarmed="a promise was broken")
        about = {"service": "watchdog", "incident": "disarmed", "kind": NoticeKind.SELF_ALERT, "at": s.clock.now()}
        alert = tell("watchdog is DISARMED", "pager", wakes=True, **about)
        await s.store.save(Write(s.engine.state, effects=(alert,)))
        assert (await answer(s, "reboot")).answer == "withdrawn"
        await s.quiet()
        assert s.pages == []


async def test_a_look_is_as_old_as_its_question_and_not_as_its_answer() -> None:
    """What was asked just after the store had looked is old by now, though the answer of that look came just now."""

    class LateAnswer(ShakyStore):
        asked = 0

        async def commands(self) -> Sequence[Command]:
            found = await super().commands()
            if not self.asked:
                self.asked = -1
                self.asked = await self.submit("pause", {}, "ann")
                s.clock.freeze(STALE_SECONDS + 20.0)
            return found

    async with scene(LateAnswer) as s:
        assert isinstance(s.store, LateAnswer)
        commands = CommandPoller(s.store, s.engine, s.clock)
        await commands.apply_all()
        await commands.apply_all()
        assert await refused_as_stale(s, s.store.asked)


async def test_a_look_that_failed_is_none() -> None:
    """While the store did not answer nobody looked: what was asked meanwhile is old when it does."""

    class Away(ShakyStore):
        away = False

        async def commands(self) -> Sequence[Command]:
            if self.away:
                raise Temporary("the store does not answer")
            return await super().commands()

    async with scene(Away) as s:
        commands = CommandPoller(s.store, s.engine, s.clock)
        await commands.apply_all()
        number = await s.store.submit("pause", {}, "ann")
        s.store.away = True  # type: ignore[attr-defined]
        s.clock.freeze(STALE_SECONDS + 20.0)
        with pytest.raises(Temporary):
            await commands.apply_all()
        s.store.away = False  # type: ignore[attr-defined]
        await commands.apply_all()
        assert await refused_as_stale(s, number)


async def test_a_fault_of_our_own_is_an_answer_too() -> None:
    """The CLI does not wait in vain, and the commands behind it are applied."""
    async with scene() as s:
        s.engine.state = State(services={"web": object()})  # type: ignore[dict-item]
        await no(s, FAILED, "an internal error", "rollback", service="web")


class Damaged(ShakyStore):
    """A store whose commands cannot be read, every other time."""

    damaged = True
    looks = 0

    async def commands(self) -> Sequence[Command]:
        self.looks += 1
        if self.damaged and self.looks % 2:
            raise Permanent("database disk image is malformed")
        return await super().commands()


async def test_a_damaged_store_is_told_of_now_and_then_and_not_at_every_look() -> None:
    """Two looks a second: one line, then one every ten minutes with how many were left out; one when it is over."""
    async with scene(Damaged) as s:
        assert isinstance(s.store, Damaged)
        s.supervisor.start("commands", CommandPoller(s.store, s.engine, s.clock).run)
        with capture_logs() as logs:
            await s.clock.advance(1210.0)
            s.store.damaged = False
            await s.clock.advance(65.0)
    told = [(one["event"], one.get("left_out")) for one in logs if "command polling" in one["event"]]
    failed = "command polling failed"
    assert [event for event, _ in told] == [failed] * 3 + ["command polling recovered"]
    assert told[0][1] == 0 and 500 < (told[1][1] or 0) <= 600


class Forgetful(ShakyStore):
    """A store that does not take the first answers, nor gives the first lists."""

    failures = 2

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise (Temporary if self.failures else Permanent)("the store does not answer")
        await super().answer(command_id, ok=ok, text=text, exit_code=exit_code)


async def test_a_command_is_applied_once_though_its_answer_is_written_twice() -> None:
    """The poll goes on over a store that fails; what was applied is only answered again."""
    async with scene(Forgetful, listed=True) as s:
        with_incident(s, Phase.PAGED)
        await s.store.save(Write(s.engine.state))
        number = await s.store.submit("note", {"incident": "web-1", "text": "the cache"}, "ann")
        s.supervisor.start("commands", CommandPoller(s.store, s.engine, s.clock).run)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (command := await row(s, number)).done:
                await asyncio.sleep(0.01)
        assert (command.ok, len(await s.store.remarks("web-1"))) == (True, 1) and s.supervisor.ailing() == {}


class Dying(ShakyStore):
    """The store of a worker that dies right after its first save."""

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
        """No answer of the poller gets here."""
        raise Temporary("the worker is dead")


async def test_a_command_whose_answer_is_not_taken_holds_up_none_behind_it() -> None:
    """What is refused is answered by the poller, what is done by the save of what it changed."""
    async with scene(Dying) as s:
        refused = await s.store.submit("nonsense", {}, "ann")
        behind = await s.store.submit("pause", {}, "ann")
        with pytest.raises(Temporary):
            await CommandPoller(s.store, s.engine, s.clock).apply_all()
        assert [one.id for one in await s.store.commands()] == [refused] and behind != refused
        assert s.engine.state.paused_by == "ann"


async def test_case_52_a_worker_that_dies_between_applying_and_answering_has_answered() -> None:
    """Its author reads what is in force, and no later worker applies it once more."""
    async with scene(Dying) as s:
        command = await answer(s, "silence", of="web", seconds=60.0, reason="work")
        assert (command.ok, command.exit_code) == (True, 0) and "SILENCED silence-1" in command.answer
        await CommandPoller(s.store, s.engine, s.clock).apply_all()
        assert [one.name for one in s.engine.state.silences] == ["silence-1"]


class Unacknowledged(ShakyStore):
    """A store that loses the acknowledgement of one commit with an answer in it, and with it what it would have learnt.

    `meanwhile` comes before the look at what became of it; the first `looks_lost` looks fail.
    """

    lost = False
    looks_lost = 0

    async def command(self, command_id: int) -> Command | None:
        if self.lost and self.looks_lost:
            self.looks_lost -= 1
            raise Temporary("the store does not answer")
        return await super().command(command_id)

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        """Save it, and fail the first time that an answer goes with it."""
        known = copy(self._memo)
        pending = await super().save(write)
        if not self.lost and write.answer is not None:
            self.lost, self._memo = True, known
            raise Temporary("the store did not answer in time")
        return pending

    async def meanwhile(self) -> None:
        """Nothing."""

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
        await self.meanwhile()
        return await super().answer(command_id, ok=ok, text=text, exit_code=exit_code)


async def test_case_52_what_was_saved_without_an_acknowledgement_is_in_force_as_its_author_reads() -> None:
    """Answer, memory and store say the same: the service is read from the store again."""
    async with scene(Unacknowledged) as s:
        with_incident(s, Phase.ASKING)
        await s.store.save(Write(s.engine.state))
        command = await answer(s, "reject", incident="web-1")
        saved = await s.store.load_readonly()
        assert command.ok and s.store.lost and saved is not None
        assert s.web.phase is saved.services["web"].phase is Phase.PAGED


async def test_case_52_it_is_read_from_the_store_again_as_soon_as_that_answers() -> None:
    """Until then each look tries: what its author reads as done is in force."""
    async with scene(Unacknowledged) as s:
        s.store.looks_lost = 2  # type: ignore[attr-defined]
        await s.store.submit("silence", {**QUIET, "of": None}, "ann")
        commands = CommandPoller(s.store, s.engine, s.clock)
        for _ in range(2):
            with pytest.raises(Temporary):
                await commands.apply_all()
            assert s.engine.state.silences == ()
        await commands.apply_all()
        assert [one.name for one in s.engine.state.silences] == ["silence-1"]


async def test_a_no_about_a_service_that_is_about_to_be_read_again_is_decided_after_that() -> None:
    """Decided before, it would be answered as one that holds, and forgotten by the reading."""
    async with scene() as s:
        with_incident(s, Phase.ASKING)
        await s.store.save(Write(s.engine.state))
        s.store.saving = Temporary("shut")  # type: ignore[attr-defined]
        await s.engine.submit_and_wait(e.Approved(s.clock.now(), "web-1", "ann"))
        s.store.saving = None  # type: ignore[attr-defined]
        number = await s.store.submit("stop", {"incident": "web-1"}, "ben")
        commands = CommandPoller(s.store, s.engine, s.clock)
        await commands.apply_all()
        assert not (await row(s, number)).done
        await s.engine.adopt_services({"web": 1})
        await commands.apply_all()
        assert (await row(s, number)).ok and s.web.phase is Phase.PAGED


@pytest.mark.parametrize("name", ["pause", "resume"])
async def test_case_52_what_its_author_gives_up_in_the_moment_of_the_save_is_not_done(name: str) -> None:
    """Neither in the store nor in memory: "withdrawn" is true."""

    class GivenUp(ShakyStore):
        async def save(self, write: Write) -> Sequence[PendingEffect]:
            for one in await self.commands():
                await self.answer(one.id, ok=False, text="withdrawn", exit_code=FAILED)
            return await super().save(write)

    async with scene(GivenUp) as s:
        before = s.engine.state = State(paused_by="bob" if name == "resume" else "")
        command = await answer(s, name)
        assert (command.answer, s.engine.state.paused_by) == ("withdrawn", before.paused_by)
        assert s.engine.store_trouble == "" and not await s.store.notes()


UNUSABLE = [
    "no JSON",
    "[1]",
    '{"seconds": NaN}',
    '{"seconds": 1e400, "of": null, "reason": "x"}',
    '{"incident": ["web-1"]}',
    '{"service": {}}',
    '{"of": null, "seconds": "soon", "reason": "x"}',
    '{"of": null, "seconds": [], "reason": "x"}',
    '{"of": null, "seconds": 60, "reason": "\\ud800"}',
    "[" * 100_000,
]


async def test_case_57_a_row_that_cannot_be_used_is_answered_and_keeps_nothing_back(tmp_path: Path) -> None:
    """Whoever wrote it: it fails, nothing comes of it, and the commands behind it are applied."""
    clock = FakeClock(start=today.now())
    url = tmp_path / "journal.db"
    async with opened(f"sqlite:///{url}", clock) as store, Sandbox() as sandbox:
        s = Scene(sandbox, clock, store, client(sandbox, clock))  # type: ignore[arg-type]
        await s.start()
        bad = [await store.submit("hold", {}, "ann") for _ in UNUSABLE]
        with contextlib.closing(sqlite3.connect(url)) as connection:
            rows = list(zip(UNUSABLE, bad, strict=True))
            connection.executemany("UPDATE commands SET arguments = ? WHERE id = ?", rows)
            connection.commit()
        good = await store.submit("pause", {}, "ann")
        await CommandPoller(store, s.engine, clock).apply_all()
        found = [(one.done, one.ok, one.exit_code) for one in [await row(s, number) for number in bad]]
        assert found == [(True, False, FAILED)] * len(UNUSABLE)
        assert (await row(s, good)).ok and s.engine.state.holds == ()
        await s.stop()
        await s.platform.close()


@pytest.mark.parametrize("hours", [-1.0, 1.0])
async def test_case_26_a_command_is_as_old_as_the_last_look_whatever_clocks_say(hours: float) -> None:
    """The host's clock was set while we run: `watchdog pause`, typed now, is dated an hour off, and taken."""
    async with scene() as s:
        commands = CommandPoller(s.store, s.engine, s.clock)
        await commands.apply_all()
        before = s.clock.start
        s.clock.start += 3600 * hours
        number = await s.store.submit("pause", {}, "ann")
        s.clock.start = before
        await commands.apply_all()
        assert ((await row(s, number)).ok, s.engine.state.paused_by) == (True, "ann")


async def test_a_silence_is_ended_by_its_name() -> None:
    async with scene() as s:
        unknown = await answer(s, "hold", of="wob", seconds=60.0, reason="work")
        assert (unknown.ok, unknown.answer) == (False, "no service wob; known: web")
        for of, signal, known in (("web", "hom", "of web; known: home"), (None, "hom", "of any service; known: home")):
            unknown = await answer(s, "silence", of=of, seconds=60.0, reason="work", signal=signal)
            assert (unknown.ok, unknown.answer) == (False, f"no signal hom {known}")
        unknown = await answer(s, "silence", of="web", seconds=60.0, reason="work", severity="bad")
        assert (unknown.ok, unknown.answer) == (False, "silence: 'bad' is not a valid Severity")
        assert s.engine.state.silences == ()
        await answer(s, "hold", of="web", seconds=60.0, reason="work")
        assert [one.name for one in s.engine.state.holds] == ["hold-1"]
        refused = await answer(s, "unsilence", which="silence-1")
        assert (refused.ok, refused.exit_code) == (False, REFUSED) and "there is: hold-1" in refused.answer
        ended = await answer(s, "unsilence", which="hold-1")
        assert ended.ok and s.engine.state.holds == ()


async def test_auto_deploy_is_given_back_on_demand() -> None:
    async with scene(listed=True) as s:
        s.sandbox.cloud.services["web"].auto_deploy_trigger = "off"
        await s.know_deploys()
        s.engine.state = replace(s.engine.state, services={"web": replace(s.web, auto_deploy_off="commit")})
        command = await answer(s, "restore-auto-deploy", service="web")
        assert command.ok, command.answer
        await s.quiet()
        assert s.sandbox.cloud.services["web"].auto_deploy_trigger == "commit"
        again = await answer(s, "restore-auto-deploy", service="web")
        assert (again.ok, again.exit_code) == (False, REFUSED)
        unknown = await answer(s, "restore-auto-deploy", service="shop")
        assert unknown.answer == "no service shop; known: web"


CHANGED = [
    ("approve", "suspect", "dep-43"),
    ("approve", "target", "dep-39"),
    ("approve", "asked_at", 7.5),
    ("reject", "target", None),
]


@pytest.mark.parametrize(("name", "what", "value"), CHANGED)
async def test_a_yes_to_another_question_than_is_asked_is_refused(name: str, what: str, value: object) -> None:
    """What its author saw is compared with the incident as it is when the command is applied."""
    async with about(Phase.ASKING) as s:
        asked = amended(s.engine.state.services["web"].incident, suspect="dep-42", target="dep-40", asked_at=9.25)  # type: ignore[type-var]
        s.engine.state = State(services={"web": replace(s.engine.state.services["web"], incident=asked)})
        seen = {"suspect": "dep-42", "target": "dep-40", "asked_at": 9.25}
        await no(s, REFUSED, HAS_CHANGED, name, incident="web-1", seen={**seen, what: value})
        assert s.engine.state.services["web"].phase is Phase.ASKING
        assert (await answer(s, "reject", incident="web-1", seen=seen)).ok


async def test_a_rollback_by_hand_is_from_the_deploy_that_was_seen_live() -> None:
    """Another one is live meanwhile: refused; the one that is live: done."""
    async with about(Phase.CALM) as s:
        refused = await answer(s, "rollback", service="web", seen={"live deploy": "dep-0"})
        assert (refused.exit_code, refused.answer) == (REFUSED, f"the live deploy {HAS_CHANGED}")
        live = next(one.id for one in s.engine.state.services["web"].deploys if one.is_live)
        assert (await answer(s, "rollback", service="web", seen={"live deploy": live})).ok


async def test_what_people_say_of_an_incident_is_added_to_its_record() -> None:
    """Notes and a label; follow-ups and ticks as well."""
    async with scene(listed=True) as s:
        await answer(s, "rollback", service="web")
        name = s.engine.state.services["web"].incident.id  # type: ignore[union-attr]
        assert (await answer(s, "note", incident=name, text="the cache")).answer == f"recorded as a note on {name}"
        assert (await answer(s, "note", incident=name, text="the pool", root_cause=True)).ok
        assert "judged wrong" in (await answer(s, "label", incident=name, verdict="wrong")).answer
        remarks = await s.store.remarks(name)
        assert [(one.by, one.text, one.root_cause) for one in remarks] == [
            ("ann", "the cache", False),
            ("ann", "the pool", True),
        ]
        assert await s.store.labels() == {name: "wrong"}
        unknown = await answer(s, "note", incident="web-99", text="x")
        assert (unknown.exit_code, unknown.answer) == (FAILED, "no such incident: web-99")
        assert (await answer(s, "note", incident=name)).answer == "note needs text"
        given = {"text": "Raise the pool", "owner": "eve", "seconds": 60.0}
        assert (await answer(s, "follow-up", incident=name, **given)).answer == f"added to {name} as own-1"
        (added,) = await s.store.follow_ups(name)
        assert (added.by, added.owner, added.due_at) == ("ann", "eve", pytest.approx(s.clock.now() + 60, abs=5))
        assert (await answer(s, "tick", incident=name, item="own-1")).answer == f"own-1 of {name} is ticked"
        assert (await answer(s, "tick", incident=name, item="own-1", undo=True)).ok
        assert [(one.by, one.undone) for one in await s.store.ticks(name)] == [("ann", False), ("ann", True)]
        unknown = await answer(s, "tick", incident=name, item="own-2")
        assert (unknown.exit_code, unknown.answer) == (FAILED, f"no item own-2 in the checklists of {name}")
        assert (await answer(s, "tick", incident=name)).answer == "tick needs item"


async def test_what_was_refused_already_is_only_answered() -> None:
    """The console did not let its author: it is in the record, and nothing is done."""
    async with scene() as s:
        command = await answer(s, "refused", what="pause", refused="pause needs the role operator")
        assert (command.ok, command.exit_code, command.answer) == (False, REFUSED, "pause needs the role operator")
        assert not s.engine.state.paused_by
        about = {"incident": "web-1", "what": "approve", "refused": "approve needs the role approver"}
        assert (await answer(s, "refused", **about, not_allowed=True)).exit_code == REFUSED
        assert not await s.store.notes(), "the story tells of it no more"


LEAD = Approver("lead", ("terminal:ann", "slack:U0AAA"))
ONLY_LEAD = "only lead may approve this (policy: high: approver: lead)"


async def test_only_the_approver_s_yes_counts_and_everybody_s_no() -> None:
    """Another's is refused with the reason, written down, and changes nothing; who it is is not what they say."""
    async with about(Phase.ASKING) as s:
        high = replace(s.engine.policy.matrix[Severity.HIGH], approver=LEAD)
        s.engine.policy = replace(s.engine.policy, matrix={**s.engine.policy.matrix, Severity.HIGH: high})
        for identity in ({"identity": "terminal:bob"}, {"identity": "console:U0AAA"}, {}):
            await no(s, REFUSED, ONLY_LEAD, "approve", incident="web-1", **identity)
            assert s.web.phase is Phase.ASKING
        notes = [note.text for note in await s.store.notes(incident="web-1") if note.label == "REFUSED"]
        assert (
            len(notes) == 3 and notes[0].startswith("approve by ann: only lead") and notes[0].endswith("terminal:bob")
        )
        assert "APPROVED by ann" in (await answer(s, "approve", incident="web-1", identity="terminal:ann")).answer
        assert "APPROVED" in [note.label for note in await s.store.notes()]
        with_incident(s, Phase.ASKING)
        assert (await answer(s, "reject", incident="web-1")).ok


async def test_a_yes_that_was_seen_before_it_was_kept_does_not_mean_now() -> None:
    """The same form sent twice: what its author saw was the question, and that was answered."""
    async with about(Phase.ANNOUNCED) as s:
        web = s.engine.state.services["web"]
        told = {"suspect": "dep-42", "target": "dep-40", "asked_at": 9.25, "announced_until": s.clock.now() + 9000.0}
        kept = amended(web.incident, approved_by="ann", approved_at=9.5, **told)  # type: ignore[type-var, arg-type]
        s.engine.state = State(services={"web": replace(web, incident=kept)})
        seen = {"suspect": "dep-42", "target": "dep-40", "asked_at": 9.25}
        await no(s, REFUSED, HAS_CHANGED, "approve", incident="web-1", seen=seen)
        assert s.web.is_kept
        assert (await answer(s, "stop", incident="web-1", seen=seen)).ok and s.web.phase is Phase.PAGED
