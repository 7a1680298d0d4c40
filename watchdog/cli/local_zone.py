"""The local time zone, as the C library knows it: by TZ, else by the host's own setting."""

from datetime import UTC, datetime, timedelta, tzinfo


class LocalZone(tzinfo):
    """The zone of the person at the terminal, with the daylight saving of each moment.

    `datetime.fromtimestamp(at, LocalZone())` calls `fromutc`, which returns the offset and the name (`CET`) at that
    moment; `utcoffset` returns the offset of a wall-clock time.
    """

    def fromutc(self, at: datetime) -> datetime:
        """Return the local time of a moment."""
        # Without an argument `astimezone` takes the C library's zone, with the daylight saving of that moment.
        return at.replace(tzinfo=UTC).astimezone()

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        """Return how far the zone is ahead of UTC at a local time."""
        # Python takes a time without a zone as local; with this one attached, `astimezone` would call us again.
        return None if at is None else at.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, at: datetime | None) -> timedelta | None:
        """Return None: no caller needs it."""
        return None

    def tzname(self, at: datetime | None) -> str | None:
        """Return the zone's name at a local time."""
        return None if at is None else at.replace(tzinfo=None).astimezone().tzname()
