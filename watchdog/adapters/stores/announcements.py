"""Announcements of people for the public pages, in SQL. Appended, never changed; deleted long after their end."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Delete, delete, func, insert, select

from watchdog.adapters.stores.database import Database
from watchdog.adapters.stores.fenced_writes import add
from watchdog.adapters.stores.shielded_calls import uninterrupted
from watchdog.adapters.stores.tables import ANNOUNCEMENTS, UPDATES
from watchdog.domain.commands.announcements import ENDS, PROBLEM, RECENT_MAX, Announcement, Draft, Stage, Update

STAGES = {stage.value: stage for stage in Stage}


def expired(before: float) -> Delete:
    """Return the DELETE of what `retention.has_expired` names, with its updates: what is not over stays for good."""
    newest = select(func.max(UPDATES.c.seq)).group_by(UPDATES.c.announcement)
    ended, ends_at = UPDATES.c.stage.in_(ENDS), ANNOUNCEMENTS.c.ends_at
    silent = UPDATES.c.seq.in_(newest) & (UPDATES.c.at < before)
    over = (ends_at < before) | (ends_at.is_(None) & ended)
    found = select(ANNOUNCEMENTS.c.number).join(UPDATES).where(silent & over)
    # The updates go with it: their key cascades.
    return delete(ANNOUNCEMENTS).where(ANNOUNCEMENTS.c.number.in_(found))


@uninterrupted
class Announced(Database):
    """A database that keeps announcements."""

    async def announce(self, about: Draft, first: Update) -> Announcement:
        """Add an announcement with its first text, under the next number."""
        row = {**asdict(about), "services": json.dumps(about.services)}
        async with self._writing() as connection:
            number = await add(connection, ANNOUNCEMENTS, ANNOUNCEMENTS.c.number, row)
            await connection.execute(insert(UPDATES), {**asdict(first), "announcement": number})
        return Announcement(number, about, (first,))

    async def update_announcement(self, number: int, update: Update) -> bool:
        """Add an update to an announcement; return False if there is none of that number."""
        async with self._writing() as connection:
            known = select(ANNOUNCEMENTS.c.number).where(ANNOUNCEMENTS.c.number == number)
            if await connection.scalar(known) is None:
                return False
            await connection.execute(insert(UPDATES), {**asdict(update), "announcement": number})
        return True

    async def announcements(self, limit: int = RECENT_MAX) -> Sequence[Announcement]:
        """Return the newest announcements by number, newest first, each with its updates."""
        # By number, not by time: a maintenance window begins long after it was announced.
        oldest = select(ANNOUNCEMENTS.c.number).order_by(ANNOUNCEMENTS.c.number.desc()).limit(limit).subquery()
        since = select(func.min(oldest.c.number)).scalar_subquery()
        async with self._reading() as connection:
            rows = (await connection.execute(select(ANNOUNCEMENTS).where(ANNOUNCEMENTS.c.number >= since))).all()
            texts = select(UPDATES).where(UPDATES.c.announcement >= since).order_by(UPDATES.c.seq)
            found: dict[int, list[Update]] = {}
            for one in await connection.execute(texts):
                # A stage of a newer version: the text is shown, as that of an open problem.
                update = Update(one.at, one.by, STAGES.get(one.stage, PROBLEM[0]), one.text)
                found.setdefault(one.announcement, []).append(update)
        abouts = {
            row.number: Draft(row.page, row.title, tuple(json.loads(row.services)), row.starts_at, row.ends_at)
            for row in rows
        }
        # The two rows of `announce` are one transaction: only a hand in the database leaves an announcement empty.
        numbers = sorted(abouts.keys() & found.keys(), reverse=True)
        return tuple(Announcement(number, abouts[number], tuple(found[number])) for number in numbers)
