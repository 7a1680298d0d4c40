"""A request that Slack delivered twice, perhaps to two workers, is applied once, and answered alike."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.daemon.approvals.test_chat_commands import ANN, answer, asked, desk, with_question
from tests.daemon.supervision.test_command_poller import with_incident
from tests.support.engine_scene import Scene, ShakyStore, scene
from watchdog.daemon.supervision.command_poller import CommandPoller
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Phase
from watchdog.domain.store_records import Command, Write
from watchdog.ports.chat import Request

QUIET = {"of": "web", "seconds": 60.0, "reason": "work"}
WORDS = ("web", "2h", "work")


async def silence(s: Scene, *ids: str) -> int:
    """Submit a silence, which counts as often as it is applied; return its number in the store."""
    return await s.store.submit("silence", {**QUIET, "deliveries": list(ids)}, ANN)


def first_word(command: Command | None) -> str:
    """Return the silence that an answer names."""
    assert command is not None and command.done and command.ok
    return command.answer.split()[1]


@pytest.mark.parametrize(
    ("ids", "again", "applied"),
    [
        (("slack:t1", "slack:e1"), ("slack:t1", "slack:e1"), ["silence-1", "silence-1"]),
        (("slack:t1", "slack:e1"), ("slack:t1", "slack:e2"), ["silence-1", "silence-1"]),
        (("slack:t1", "slack:e1"), ("slack:t2", "slack:e1"), ["silence-1", "silence-1"]),
        (("slack:t1", "slack:e1"), ("slack:t2", "slack:e2"), ["silence-1", "silence-2"]),
        ((), (), ["silence-1", "silence-2"]),
    ],
    ids=["the same", "in another envelope", "with another trigger", "another request", "of no channel"],
)
@pytest.mark.parametrize("together", [True, False])
async def test_rows_of_one_request_are_applied_once(
    ids: tuple[str, ...], again: tuple[str, ...], applied: list[str], together: bool
) -> None:
    """Whether both wait at once or the second comes after the first was answered."""
    async with scene() as s:
        poller = CommandPoller(s.store, s.engine, s.clock)
        numbers = [await silence(s, *ids)]
        if not together:
            await poller.apply_all()
        numbers.append(await silence(s, *again))
        await poller.apply_all()
        assert [first_word(await s.store.command(number)) for number in numbers] == applied


async def test_a_click_that_two_workers_hear_is_applied_once_and_both_tell_its_author() -> None:
    """Each has a memory of its own, and one store; the first worker may have died before it told the answer."""
    async with scene() as s:
        heard = Request(ANN, "silence", WORDS, may_change=True, deliveries=("slack:t1", "slack:e1"))
        replies = [asyncio.create_task(desk(s.store, s.clock).handle(heard)) for _ in range(2)]
        poller = CommandPoller(s.store, s.engine, s.clock)
        while not all(one.done() for one in replies):
            await poller.apply_all()
            await asyncio.sleep(0)
        first, second = [await one for one in replies]
        assert first.ok and first.lines[1] == second.lines[1]
        assert "SILENCED silence-1 of web" in first.lines[1]


STRANGER = "Refused: not on the list of those who may (approvals.users in the configuration)."


@pytest.mark.parametrize(
    ("permitted_by", "said"),
    [
        pytest.param((False, True), (STRANGER, "REJECTED"), id="first by the worker that refuses"),
        pytest.param((True, False), ("REJECTED", "REJECTED"), id="first by the worker that permits"),
        pytest.param((False, True, False), (STRANGER, "REJECTED", "REJECTED"), id="refused, permitted, and again"),
        pytest.param((False, False), (STRANGER, STRANGER), id="permitted by none"),
    ],
)
async def test_a_worker_s_refusal_is_no_answer_of_another_that_permits_the_person(
    permitted_by: tuple[bool, ...], said: tuple[str, ...]
) -> None:
    """A change of approvals.users reaches one worker before the other: the click is applied once where it may be."""
    async with scene() as s:
        with_question(s)
        clicks = [replace(answer("reject"), may_change=one, deliveries=("slack:t1",)) for one in permitted_by]
        answered = [await asked(s, one) for one in clicks]
        lines = [reply.lines[-1] if reply.ok else reply.lines[0] for reply, _ in answered]
        assert all(words in line for line, words in zip(lines, said, strict=True)), lines
        notes = [one.label for one in await s.store.notes(incident="web-1")]
        assert notes.count("REJECTED") == int(any(permitted_by))


async def test_a_refusal_that_still_waits_is_no_answer_either() -> None:
    """Both rows wait at once, the refused one first: each gets its own answer."""
    async with scene() as s:
        poller = CommandPoller(s.store, s.engine, s.clock)
        refused = {"refused": "not on the list", "what": "silence", "not_allowed": True, "deliveries": ["slack:t1"]}
        numbers = [await s.store.submit("refused", refused, ANN), await silence(s, "slack:t1")]
        await poller.apply_all()
        first, second = [await s.store.command(number) for number in numbers]
        assert first is not None and (first.ok, first.answer) == (False, "not on the list")
        assert first_word(second) == "silence-1"


async def test_a_row_that_appears_after_a_later_one_was_applied_is_no_second_one() -> None:
    """PostgreSQL numbers a row before it is committed; and the answer of the other one is not written yet."""

    class LateRow(ShakyStore):
        hidden = 0
        fails = True

        async def commands(self) -> tuple[Command, ...]:
            return tuple(one for one in await super().commands() if one.id != self.hidden)

        async def asked(self, limit: int = 200, **more: Any) -> tuple[Command, ...]:
            return tuple(one for one in await super().asked(limit, **more) if one.id != self.hidden)

        async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
            if self.fails:
                raise Temporary("the store does not answer")
            return await super().answer(command_id, ok=ok, text=text, exit_code=exit_code)

    async with scene(LateRow) as s:
        assert isinstance(s.store, LateRow)
        poller = CommandPoller(s.store, s.engine, s.clock)
        with_incident(s, Phase.PAGED)
        await s.store.save(Write(s.engine.state))
        given = {"incident": "web-1", "text": "the cache", "deliveries": ["slack:t1"]}
        first, second = [await s.store.submit("note", given, ANN) for _ in range(2)]
        s.store.hidden = first
        with pytest.raises(Temporary):
            await poller.apply_all()
        s.store.hidden = 0
        with pytest.raises(Temporary):
            await poller.apply_all()
        s.store.fails = False
        await poller.apply_all()
        rows = [await s.store.command(number) for number in (first, second)]
        assert [row.answer for row in rows if row is not None] == ["recorded as a note on web-1"] * 2
        assert [one.text for one in await s.store.remarks("web-1")] == ["the cache"]
