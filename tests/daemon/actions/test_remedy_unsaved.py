"""What the store did not take of a remedy: an outcome is saved by the next attempt, an intent is looked up."""

import pytest

from tests.daemon.actions.test_remedy_actuator import FLAG, scene, unread
from tests.support.actuator_scene import Guarded
from watchdog.daemon.actions.remedy_actuator import INTERRUPTED, UNREAD
from watchdog.domain import events as e
from watchdog.domain.errors import Stale, Temporary
from watchdog.domain.events import Event
from watchdog.domain.store_records import ActionRow


@pytest.mark.parametrize(
    ("mode", "look", "forbidden", "kind", "why"),
    [
        ("ok", False, "", e.RemedyDone, ""),
        ("ok", True, "", e.RemedyDone, UNREAD),
        ("refuse_403", False, "", e.RemedyRefused, "403"),
        ("ok", False, "paused by ann", e.RemedyPostponed, INTERRUPTED),
    ],
)
async def test_case_22_an_outcome_that_the_store_did_not_take_is_known_to_the_next_attempt(
    mode: str, look: bool, forbidden: str, kind: type[Event], why: str
) -> None:
    """Nothing may tell it later: a rollback would not wait for the time of a restart that Render had confirmed."""
    refused: list[str] = []

    def once(row: ActionRow, expect: str | None) -> bool | None:
        if expect != "sending" or refused:
            return None
        refused.append(row.state)
        raise Temporary("the store does not answer")

    async with scene(look=look, hook=unread, before=once) as s:
        s.sandbox.modes.set("flag", mode)
        s.actuator.forbids = lambda change, at: forbidden
        with pytest.raises(Temporary):
            await s.actuator.perform(FLAG)
        await s.ends(kind, why, resumed=True)
        assert (s.sent, refused) == (0 if forbidden else 1, [(await s.row()).state if not look else "sending"])


class AnswerLost(Guarded):
    """A store that takes the intent to send, and whose answer to that is lost."""

    async def put_action(self, row: ActionRow, expect: str | None) -> bool:
        written = await super().put_action(row, expect)
        if row.state == "sending":
            raise Temporary("its answer was lost")
        return written


async def test_case_22_an_intent_whose_save_was_not_answered_is_looked_up_as_after_a_crash() -> None:
    """It is no outcome. By then another worker may have changed the shared state, and no intent could be saved."""
    saved: list[str] = []

    def once(row: ActionRow, expect: str | None) -> None:
        if row.state == "sending" and row.state in saved:
            raise Stale
        saved.append(row.state)

    async with scene(before=once, made=AnswerLost) as s:
        with pytest.raises(Temporary):
            await s.actuator.perform(FLAG)
        await s.ends(e.RemedyRefused, "it is on 30 s later", resumed=True)
        assert (s.sent, saved) == (0, ["planned", "sending", "failed"])
