"""Silences and action holds of the configuration: their meaning, and contradictions."""

from datetime import UTC, datetime

import pytest

from tests.settings.texts import SMALL, loaded, shown
from watchdog.domain.policy import Suppression, Weekly
from watchdog.domain.severity import Severity

WHO, SUNDAY = "author: on-call, reason: backup", "Sun 02:00-04:00 UTC"


def moment(text: str) -> float:
    """Return UTC epoch seconds of a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_for_once_or_every_week() -> None:
    """Of one service or of all; of one signal or severity; with a zone, as YAML's own moments have it or in quotes."""
    text = (
        SMALL
        + f"""\
silences:
  - {{service: web, every: "Sun 02:00-04:00 Europe/Berlin", signal: home, severity: high, {WHO}}}
  - {{service: all, from: 2027-01-14T08:00:00Z, to: "2027-01-14T20:00+01:00", {WHO}}}
action_holds: [{{service: all, from: 2027-01-14T08:00Z, to: 2027-01-14T20:00Z, author: ann, reason: launch}}]
"""
    )
    policy = loaded(text).policy
    sunday = Weekly((6,), 120, 240, "Europe/Berlin")
    begins, ends = moment("2027-01-14 08:00"), moment("2027-01-14 19:00")
    assert policy.silences == (
        Suppression("configured-1", "web", "on-call", "backup", weekly=sunday, signal="home", severity=Severity.HIGH),
        Suppression("configured-2", None, "on-call", "backup", begins, ends),
    )
    assert policy.action_holds == (Suppression("configured-1", None, "ann", "launch", begins, ends + 3600.0),)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (f"service: wob, every: {SUNDAY}, {WHO}", "silences[0].service: names no service -> did you mean"),
        (f"service: web, {WHO}", "silences[0]: from when to when, please"),
        (f"service: web, from: 2027-01-14T08:00Z, {WHO}", "silences[0]: from when to when, please"),
        (f"service: web, every: {SUNDAY}, from: 2027-01-14T08:00Z, {WHO}", "silences[0]: from when to when, please"),
        (f"service: web, from: 2027-01-14T08:00Z, to: 2027-01-14T08:00Z, {WHO}", "silences[0].to: not after from"),
        (f"service: web, from: 2027-01-14T08:00, to: 2027-01-14T09:00Z, {WHO}", "silences[0].from: not a moment"),
        (f"service: web, from: tomorrow, to: 2027-01-14T09:00Z, {WHO}", "silences[0].from: not a moment"),
        (f"service: web, every: sundays, {WHO}", "silences[0].every: not hours"),
        (f"service: web, every: Sun 02:00-04:00 UTC, signal: hom, {WHO}", "silences[0].signal: names no signal of it"),
        (f"service: web, every: Sun 02:00-04:00 UTC, severity: bad, {WHO}", "silences[0].severity: not one of the"),
        ("service: web, every: Sun 02:00-04:00 UTC, author: ann", "silences[0].reason: missing"),
    ],
)
def test_what_cannot_be_meant_says_what_to_write(written: str, says: str) -> None:
    assert says in shown(SMALL + f"silences: [{{{written}}}]\n")


def test_a_silence_without_an_end_in_sight_is_warned_of() -> None:
    """`Mon-Sun 00:00-24:00`, or years by a slip of the finger; one signal may stay silent, and an hour each day."""
    hours = ("every: Mon-Sun 00:00-24:00 UTC", "from: 2026-01-14T08:00Z, to: 2062-01-14T20:00Z")
    meant = ("every: Mon-Sun 00:00-01:00 UTC", "every: Mon-Sun 00:00-24:00 UTC, signal: home")
    text = "".join(f"  - {{service: all, {one}, {WHO}}}\n" for one in (*hours, *meant))
    found = [one for one in loaded(SMALL + f"silences:\n{text}").warnings if "silences" in one]
    assert [one.partition(":")[0] for one in found] == ["silences[0]", "silences[1]"]
    assert "outages of all services stay silent for over 30 days" in found[0]


def test_a_hold_is_of_no_signal() -> None:
    text = shown(SMALL + f"action_holds: [{{service: all, every: Sun 02:00-04:00 UTC, signal: home, {WHO}}}]\n")
    assert "action_holds[0].signal: unknown key" in text
