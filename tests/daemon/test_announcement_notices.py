"""What people announce goes to the channels that want it, through the outbox, once."""

from dataclasses import replace

from structlog.testing import capture_logs

from tests.support.clocks import eventually
from tests.support.engine_scene import POLICY, SHUT, scene
from watchdog.daemon.supervision.command_poller import CommandPoller
from watchdog.domain.commands.announcements import Stage
from watchdog.presentation.notices.announcement_notice import announcement_notice
from watchdog.presentation.text import moment

POST = {"page": "shop", "title": "Payments " * 9, "text": "We look\ninto it.", "state": "identified", "services": "web"}
SHOWN = {"web": "Web shop"}
WINDOW = {"page": "shop", "title": "Move", "text": "Orders wait.", "seconds": 60.0, "services": "web"}


async def test_an_announcement_and_its_update_are_notices_and_a_repetition_is_none() -> None:
    """A lock screen holds the title; the page has it all the same where the notice cannot be saved."""
    async with scene() as s:
        s.engine.policy = replace(POLICY, announcements=("pager",))
        poller = CommandPoller(s.store, s.engine, s.clock, pages={"shop": SHOWN})

        async def answer(name: str, given: dict[str, object]) -> bool:
            number = await s.store.submit(name, given, "ann")
            await poller.apply_all()
            command = await s.store.command(number)
            return command is not None and command.ok

        update = {"announcement": "1", "text": "Mended.", "state": "resolved"}
        assert await answer("announce", POST) and not await answer("announce", POST)
        assert await answer("update-announcement", update) and await answer("update-announcement", update)
        await eventually(lambda: len(s.pager.took) == 2)
        first, second = s.pages
        assert first.startswith("Identified: Payments") and len(first) <= 60 and second.startswith("Resolved: Payments")
        s.store.saving = SHUT  # type: ignore[attr-defined]
        with capture_logs() as logs:
            assert await answer("schedule-maintenance", WINDOW | {"starts_at": s.clock.now() + 60.0})
        assert "announcement not sent to channels" in [line["event"] for line in logs]
        s.store.saving = None  # type: ignore[attr-defined]
        await s.quiet()
        (window, _) = await s.store.announcements()
    assert len(s.pages) == 2, "not saved with its effect: it might be sent twice"
    title, lines = announcement_notice(window, window.begins_at, SHOWN)
    assert title == "In progress: Move" and lines[0] == "Orders wait."
    assert lines[1].startswith(f"From {moment(window.begins_at)[:16]} to ") and lines[1].endswith(
        " UTC. Services: Web shop. On the public status page shop."
    )
    gone = replace(window, updates=(*window.updates, replace(window.updates[0], stage=Stage.WITHDRAWN)))
    title, lines = announcement_notice(gone, window.begins_at, {})
    assert title == "Withdrawn: Move" and lines[1].endswith(" UTC. No longer on the public status page shop.")
