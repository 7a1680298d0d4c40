"""The desk: what is asked for in a channel becomes what the command line writes, and is answered in its words."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.core.incident_fields import amended
from tests.support.clocks import FakeClock
from tests.support.engine_scene import Scene, scene
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.approvals.button_cleanup import ButtonCleanup
from watchdog.daemon.approvals.chat_commands import ChatCommands, typed_arguments
from watchdog.daemon.supervision.command_poller import CommandPoller
from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import InvalidRequest
from watchdog.domain.errors import Temporary
from watchdog.domain.incident_parts import RollbackAttempt
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Command
from watchdog.ports.chat import ChatQuestion, Reply, Request
from watchdog.presentation.notices.headlines import TITLE_MAX

ANN = "slack:U0AAA (ann)"
QUIET = {"of": "web", "seconds": 7200.0, "reason": "moving house"}
QUESTION = ChatQuestion("web-1", "web", "dep-42", "dep-40", 1000.0, 2000.0)


async def say_help(words: Sequence[str]) -> Reply:
    return Reply(("help", *words))


async def fail(words: Sequence[str]) -> Reply:
    raise Temporary("the store does not answer")


def desk(store: MemoryStore, clock: FakeClock, console_url: str = "") -> ChatCommands:
    """Return a desk with three words that read."""
    return ChatCommands(store, clock, {"help": say_help, "status": fail, "plan": say_help}, lambda: console_url)


async def asked(s: Scene, request: Request, one: ChatCommands | None = None) -> tuple[Reply, list[Command]]:
    """Have a request answered while the daemon takes commands; return the rows it made as well."""
    before = len(s.store._db.commands)
    hearing = asyncio.create_task((one or desk(s.store, s.clock)).handle(request))
    commands = CommandPoller(s.store, s.engine, s.clock)
    while not hearing.done():
        await commands.apply_all()
        await asyncio.sleep(0)
    return hearing.result(), list(s.store._db.commands.values())[before:]


def with_question(s: Scene, phase: Phase = Phase.ASKING, **changes: Any) -> None:
    """Let the core know of an incident of web that is asked about."""
    at = s.clock.now()
    made = Incident("web-1", "web", Severity.HIGH, at, at, "slow", suspect="dep-42", rollback=RollbackAttempt("dep-40"))
    web = ServiceState(
        "web", phase=phase, phase_since=at, live="dep-42", incident=amended(made, **{"asked_at": 1000.0, **changes})
    )
    s.engine.state = State(services={"web": web})


def answer(name: str = "reject", **more: Any) -> Request:
    """Return a press of a button by one who may."""
    return Request(ANN, name, may_change=True, question=QUESTION, **more)


async def test_what_reads_is_answered_to_everybody_and_what_nobody_knows_with_help() -> None:
    clock = FakeClock()
    store = MemoryStore(clock)
    assert (await desk(store, clock).handle(Request("slack:U1", "sing", ("a",)))).lines == ("help", "a")
    failed = await desk(store, clock).handle(Request("slack:U1", "status"))
    assert not failed.ok and "does not answer" in failed.lines[0] and await store.commands() == ()


async def test_an_answer_is_the_row_of_the_command_line_bound_to_its_question() -> None:
    """By whom, when, and the core's own words."""
    async with scene() as s:
        with_question(s)
        reply, (row,) = await asked(s, answer())
        assert reply.ok and reply.lines[0].startswith(f"Done by {ANN} at ") and f"REJECTED by {ANN}" in reply.lines[1]
        shown = {"suspect": "dep-42", "target": "dep-40", "asked_at": 1000.0}
        assert (row.name, row.by, dict(row.arguments)) == ("reject", ANN, {"incident": "web-1", "question": shown})


async def test_a_yes_carries_who_says_it_as_the_channel_vouches_for_it() -> None:
    """By a button or typed; nothing that was typed becomes it."""
    async with scene() as s:
        with_question(s)
        for request in (
            replace(answer("approve"), identity="slack:U0AAA"),
            Request(ANN, "approve", ("web-1",), may_change=True, identity="slack:U0AAA"),
        ):
            _, (row,) = await asked(s, request)
            assert row.arguments["identity"] == "slack:U0AAA"
        _, (row,) = await asked(s, Request(ANN, "approve", ("identity=slack:U0BBB",), may_change=True))
        assert row.arguments["identity"] == ""


async def test_a_refusal_links_its_page_where_the_console_has_an_address() -> None:
    """By the command: what is missing in a silence is explained where silences are."""
    clock = FakeClock()
    one = desk(MemoryStore(clock), clock, "https://dog.acme.example")
    reply = await one.handle(Request(ANN, "silence", ("web",), may_change=True))
    assert not reply.ok and reply.lines[1] == "Handbook: https://dog.acme.example/help/on-call#silences"


async def test_what_may_not_be_is_refused_by_row_note_and_reply() -> None:
    """A stranger; a forged button; a question that is another one now. Nothing comes of any of them."""
    async with scene() as s:
        with_question(s)
        stranger = replace(answer(), may_change=False, by="slack:U9 (mallory)")
        forged = Request(ANN, "approve", ("web-1",), may_change=True, refusal="not one of ours")
        other = replace(answer("approve"), question=replace(QUESTION, target="dep-39"))
        for request, why in ((stranger, "not on the list"), (forged, "not one of ours"), (other, "another one now")):
            reply, (row,) = await asked(s, request)
            assert not reply.ok and reply.lines[0].startswith("Refused: ") and why in reply.lines[0]
            assert reply.lines[1:] == ("Handbook: watchdog docs on-call",)
            assert not row.ok and row.by == request.by
        notes = [note.text for note in await s.store.notes(incident="web-1") if note.label == "REFUSED"]
        assert [note.split(":")[1] for note in notes] == ["U0AAA (ann)", "U0AAA (ann)"], "of a stranger the audit alone"
        assert s.web.phase is Phase.ASKING and s.sent("POST") == 0


async def test_case_60_strangers_fill_neither_audit_nor_story_nor_log() -> None:
    """However many they are; each is answered, and one who is listed is recorded all the same."""
    async with scene() as s:
        with_question(s)
        one = desk(s.store, s.clock)
        with capture_logs() as logged:
            for number in range(30):
                reply, _ = await asked(s, Request(f"slack:U{number}", "approve", ("web-1",)), one)
                assert "not on the list" in reply.lines[0]
        assert len(s.store._db.commands) == 5 and not await s.store.notes()
        assert len([line for line in logged if line["event"] == "chat command answered"]) == 5
        _, (row,) = await asked(s, answer())
        assert row.ok
        long = await one.handle(Request(ANN, "approve", ("w" * 300,), may_change=True))
        assert "longer than 120 characters" in long.lines[0]


async def test_who_looks_after_it_and_who_wants_quiet_say_so_in_a_channel_as_at_a_terminal() -> None:
    """The same rows, and the core's own words."""
    async with scene() as s:
        with_question(s)
        for name, words, given, said in (
            ("acknowledge", ("web-1",), {"incident": "web-1"}, f"ACKNOWLEDGED by {ANN}"),
            ("silence", ("web", "2h", "moving", "house"), QUIET, f"SILENCED silence-1 of web by {ANN} (moving house)"),
            ("hold", ("all", "2h", "launch"), {**QUIET, "of": None, "reason": "launch"}, "HELD hold-2 of all services"),
            (
                "silence",
                ("web", "2h", "signal=home", "severity=High", "moving", "house"),
                {**QUIET, "signal": "home", "severity": "high"},
                f"SILENCED silence-3 of web, signal home, severity high by {ANN} (moving house)",
            ),
            ("unsilence", ("silence-1",), {"which": "silence-1"}, "UNSILENCED silence-1 of web"),
            ("pause", (), {}, f"PAUSED by {ANN}"),
            ("note", ("web-1", "the", "pool"), {"incident": "web-1", "text": "the pool", "root_cause": False}, "note"),
        ):
            reply, (row,) = await asked(s, Request(ANN, name, words, may_change=True))
            assert reply.ok and said in reply.lines[1], reply
            assert (row.name, row.by, dict(row.arguments)) == (name, ANN, given)
        assert s.engine.state.paused_by == ANN


async def test_what_is_about_no_incident_leaves_no_row_when_it_is_refused() -> None:
    """A stranger's pause; a button without a claim; an answer that names nothing."""
    async with scene() as s:
        for request, why in (
            (Request("slack:U9", "pause"), "not on the list"),
            (Request(ANN, "approve", may_change=True, refusal="not one of ours"), "not one of ours"),
            (Request(ANN, "approve", may_change=True), "say which incident; approve INCIDENT"),
            (Request("slack:U9", "acknowledge"), "not on the list"),
            (Request("slack:U9", "silence", ("web", "2h", "moving")), "not on the list"),
            (Request("slack:U9", "rollback", ("web",)), "not on the list"),
            (Request(ANN, "rollback", ("web", "dep-39"), may_change=True), "dep-39 is one word too many; write target"),
            (Request(ANN, "trust", ("9f3c",), may_change=True), "too short"),
            (Request(ANN, "acknowledge", may_change=True), "say which incident; acknowledge INCIDENT"),
            (Request(ANN, "hold", ("web", "99d", "launch"), may_change=True), "write something up to 30d"),
        ):
            reply, rows = await asked(s, request)
            assert not reply.ok and why in reply.lines[0] and rows == []


async def test_a_rollback_by_hand_is_bound_to_the_deploy_that_its_plan_names() -> None:
    """Without it the plan is shown; a second member's line, typed once another deploy is live, changes nothing."""
    async with scene() as s:
        for name, about in (("rollback", "web"), ("undo", "web-1")):
            reply, rows = await asked(s, Request(ANN, name, (about,), may_change=True))
            assert (reply.lines, rows) == (("help", about), [])
            of_none = Request(ANN, name, may_change=True, question=replace(QUESTION, suspect="", target=""))
            assert (await asked(s, of_none))[0].lines == ("help", about), "by its button"
            blamed = ("blamed=dep-42",) if name == "rollback" else ()
            assert (await asked(s, answer(name)))[0].lines == ("help", about, *blamed), "bound to the deploy to blame"
        reply, (row,) = await asked(s, Request(ANN, "rollback", ("web", "live=dep-1"), may_change=True))
        assert reply.lines[0] == "Refused: the live deploy is another one than you saw: look again, then decide."
        assert row.arguments["seen"] == {"live deploy": "dep-1"} and s.sent("POST") == 0


async def test_nobody_answers() -> None:
    """Said after a while; the command is withdrawn, so that it is not done a minute later."""
    clock = FakeClock()
    store = MemoryStore(clock)
    reply = await desk(store, clock).handle(Request(ANN, "pause", may_change=True))
    assert not reply.ok and "the command was withdrawn" in reply.lines[0] and await store.commands() == ()


async def test_who_answered_is_told_where_it_was_asked() -> None:
    async with scene() as s:
        s.listeners.stepped.append(ButtonCleanup(("pager",), s.supervisor, s.outbox).stepped)
        with_question(s, channels=("pager",))
        await asked(s, answer())
        await s.quiet()
        assert len(s.pages) == 1 and f"REJECTED by {ANN}" in s.pages[0]
        with_question(s, Phase.PAGED, channels=("pager",), human_needed="no target")
        for _ in range(2):
            reply, _ = await asked(s, replace(answer("approve"), by="slack:U0BBB (bob)"))
            assert reply.lines[0] == "Refused: nothing is asked: web is paged."
        await s.quiet()
        assert len(s.pages) == 1, "it was told of already"
        with_question(s, Phase.PAGED, channels=("pager",))
        await asked(s, Request(ANN, "stop", ("web-1",), may_change=True))
        await s.quiet()
        assert f"STOPPED by {ANN}" in s.pages[1], "nothing was asked, and the daemon would have gone on"
        assert max(map(len, s.pages)) <= TITLE_MAX


async def test_a_stale_button_is_taken_away_once() -> None:
    """After a restart, say, that came between the answer and its notice."""
    async with scene() as s:
        s.listeners.stepped.append(ButtonCleanup(("pager",), s.supervisor, s.outbox).stepped)
        with_question(s, Phase.PAGED, channels=("pager",), human_needed="no target")
        for _ in range(2):
            await asked(s, answer("approve"))
        await s.quiet()
        assert ["nothing is asked any more" in page for page in s.pages] == [True]


async def test_channels_that_were_not_asked_hear_nothing_of_it() -> None:
    """Nor does anybody of an incident that is over."""
    async with scene() as s:
        s.listeners.stepped.append(ButtonCleanup(("pager",), s.supervisor, s.outbox).stepped)
        with_question(s, channels=("other",))
        await asked(s, answer())
        with_question(s, Phase.CALM, channels=("pager",), closed_at=5.0)
        reply, _ = await asked(s, answer())
        assert "web-1 is over" in reply.lines[0]
        await s.quiet()
        assert s.pages == []


async def test_a_refusal_that_nobody_took_yet_stays_for_the_record() -> None:
    """Its author is told at once; whoever holds the service next writes it down."""
    clock = FakeClock()
    store = MemoryStore(clock)
    reply = await desk(store, clock).handle(Request("slack:U9", "approve", ("web-1",)))
    why = "Refused: not on the list of those who may (approvals.users in the configuration)."
    assert reply.lines == (why, "Handbook: watchdog docs on-call")
    assert [one.name for one in await store.commands()] == ["refused"]


def typed(text: str) -> dict[str, Any]:
    name, *words = text.split()
    return typed_arguments(COMMANDS[name], words)


@pytest.mark.parametrize(
    ("text", "gets"),
    [
        ("approve web-1", {"incident": "web-1"}),
        ("unsilence silence-1", {"which": "silence-1"}),
        ("pause", {}),
        ("pause please", {}),
        ("hold all 2h moving house", QUIET | {"of": None}),
        ("silence web 2h moving house", QUIET),
        ("silence web 2h signal=api moving", QUIET | {"reason": "moving", "signal": "api"}),
        (
            "silence web 2h Severity=HIGH signal=API moving house",
            QUIET | {"signal": "API", "severity": "high"},
        ),
        ("silence web 2h moving signal=api", QUIET | {"reason": "moving signal=api"}),
        ("silence web 2h https://acme.example/?a=b moves", QUIET | {"reason": "https://acme.example/?a=b moves"}),
        ("rollback web target=dep-39", {"service": "web", "target": "dep-39"}),
        ("rollback web live=dep-42", {"service": "web", "seen": {"live deploy": "dep-42"}}),
        ("rollback web planned=dep-40 blamed=dep-42", {"service": "web", "planned": "dep-40", "blamed": "dep-42"}),
        ("undo web-1 live=dep-42", {"incident": "web-1", "seen": {"live deploy": "dep-42"}}),
        ("note web-1 “it was x”", {"incident": "web-1", "text": "it was x", "root_cause": False}),
        ('note web-1 "a" or "b"', {"incident": "web-1", "text": '"a" or "b"', "root_cause": False}),
        *(
            (f"tick web-1 {words}", {"incident": "web-1", "item": "monitor", "undo": True})
            for words in ("undo=yes monitor", "monitor undo=yes", "--undo monitor", "monitor --undo", "monitor —undo")
        ),
        ("tick web-1 monitor", {"incident": "web-1", "item": "monitor", "undo": False}),
        ("note web-1 --root-cause it was x", {"incident": "web-1", "text": "it was x", "root_cause": True}),
        ("note web-1 “it was x” --root-cause", {"incident": "web-1", "text": "it was x", "root_cause": True}),
        ("note web-1 it --undo or not", {"incident": "web-1", "text": "it --undo or not", "root_cause": False}),
        (
            "announce shop “Cards are refused” services=web We look into it.",
            {"page": "shop", "title": "Cards are refused", "text": "We look into it."}
            | {"services": "web", "state": "investigating"},
        ),
    ],
)
def test_words_become_arguments(text: str, gets: dict[str, Any]) -> None:
    """Options stand before the reason: a name as it is written, a severity in any case; the rest is the reason."""
    assert typed(text) == gets


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("approve", "approve: say which incident; approve INCIDENT"),
        ("approve web-1 now", "approve: too many words; approve INCIDENT"),
        ("silence web", "silence: 2h is missing; silence SERVICE 2h WHY"),
        ("tick web-1 --undo", "tick: ITEM is missing; tick INCIDENT ITEM"),
        ("tick web-1 undone=yes monitor", "undone=: no such option; write --undo, each once, and then the rest"),
        ("silence web 2h", "silence: WHY is missing; silence SERVICE 2h WHY"),
        ("silence web 2h signal=api", "--reason: there is nothing in it to read"),
        ("silence web 2h sevrity=high moving", "sevrity=: no such option; write signal=NAME severity=high, each once"),
        ("silence web 2h signal= api moving", "signal=: nothing behind it"),
        ("silence web 2h signal=api signal=home moving", "signal=: twice"),
        ("silence web soon moving", "--for: not a duration"),
        (f"hold web 2h {'x' * 5000}=api moving", f"{'x' * 120}=: no such option; leave it out"),
        ("hold web 2h signal=api moving", "signal=: no such option; leave it out"),
        ("undo web-1 now", "undo: now is one word too many; write live=dep-42"),
        (f"undo web-1 {'x' * 5000}", f"undo: {'x' * 120} is one word too many; write live=dep-42"),
        ("announce shop Cards are refused", 'announce: TITLE is not in quotes; announce PAGE "TITLE" TEXT'),
        ('announce shop "Cards are refused', "announce: TITLE is not in quotes"),
        ('announce shop "Cards"', "announce: TEXT is missing"),
    ],
)
def test_a_mistyped_line_does_not_do_more_than_was_meant(text: str, says: str) -> None:
    """It is not taken for the beginning of the reason."""
    with pytest.raises(InvalidRequest) as unclear:
        typed(text)
    assert str(unclear.value).startswith(says)
