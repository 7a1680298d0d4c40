"""The local time zone, as the C library knows it: by TZ, else by the host's own setting."""

from datetime import UTC, datetime, timedelta, tzinfo


class LocalZone(tzinfo):
    """The zone of whom reads the terminal, with its summer time of each moment.

    `datetime.fromtimestamp(at, LocalZone())` asks `fromutc`, which answers with the fixed offset and the name (`CET`)
    that hold at that moment; a wall-clock time of the zone is asked for its offset by `utcoffset`.
    """

    def fromutc(self, at: datetime) -> datetime:
        """Return the local time of a moment."""
        return at.replace(tzinfo=UTC).astimezone()

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        """Return how far the zone is ahead of UTC at a local time."""
        return None if at is None else at.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, at: datetime | None) -> timedelta | None:
        """Return nothing: nothing here asks for it."""
        return None

    def tzname(self, at: datetime | None) -> str | None:
        """Return the zone's name at a local time."""
        return None if at is None else at.replace(tzinfo=None).astimezone().tzname()
