"""Silences and action holds of the configuration: once, or every week."""

from collections.abc import Mapping, Sequence

from watchdog.domain.commands.command_table import LONGEST_QUIET_SECONDS
from watchdog.domain.policy import Policy, Suppression
from watchdog.domain.severity import Severity
from watchdog.settings.rules.recurrence import DAYS, MINUTES_OF_A_DAY, parse_weekly
from watchdog.settings.schema.schema import QuietShape, ServiceShape, SilenceShape
from watchdog.settings.text.validation import choose
from watchdog.settings.text.yaml_document import Document

ALL = "all"
ALL_DAY = (0, MINUTES_OF_A_DAY)


def build_quiets(
    document: Document, key: str, written: Sequence[QuietShape], services: Mapping[str, ServiceShape]
) -> tuple[Suppression, ...]:
    """Return the entries of `silences:` or `action_holds:`; report contradictions."""
    found = []
    for place, one in enumerate(written):
        path = (key, place)
        if one.service not in (ALL, *services):
            document.report((*path, "service"), "names no service", choose(one.service, {*services, ALL}))
            continue
        _check_time(document, path, one)
        signal = one.signal if isinstance(one, SilenceShape) else None
        if signal is not None and signal not in _signals(services, one.service):
            document.report((*path, "signal"), "names no signal of it", choose(signal, _signals(services, one.service)))
        # A name by its place, so that commands and pages can refer to an entry of the file.
        found.append(_quiet(one, f"configured-{place + 1}", signal))
    return tuple(found)


def endless(policy: Policy) -> Sequence[str]:
    """Return a warning for each silence, of all that fails in a service, that is longer than a command may make it."""
    days = f"{LONGEST_QUIET_SECONDS / 86400:.0f} days"
    return [
        f"silences[{place}]: outages of {one.service or 'all services'} stay silent for over {days}: write a nearer end"
        for place, one in enumerate(policy.silences)
        if one.signal is None and one.severity is None and _is_endless(one)
    ]


def _is_endless(one: Suppression) -> bool:
    if one.weekly is None:
        return one.ends_at is not None and one.ends_at - one.begins_at > LONGEST_QUIET_SECONDS
    return len(one.weekly.days) == len(DAYS) and (one.weekly.begins_minute, one.weekly.ends_minute) == ALL_DAY


def _check_time(document: Document, path: tuple[str | int, ...], one: QuietShape) -> None:
    once = one.begins is not None and one.ends is not None
    # Exactly one of the two forms; half of one, or both, are mistakes.
    if (one.every is not None) == once or (one.begins is None) != (one.ends is None):
        what = "from when to when, please, for once or for every week"
        document.report(path, what, "write from: and to:, or every: Sun 02:00-04:00 Europe/Berlin")
    elif one.begins is not None and one.ends is not None and one.ends <= one.begins:
        document.report((*path, "to"), "not after from", "write a later moment")


def _signals(services: Mapping[str, ServiceShape], service: str) -> set[str]:
    return {name for each, shape in services.items() if service in (ALL, each) for name in shape.signals}


def _quiet(one: QuietShape, name: str, signal: str | None) -> Suppression:
    severity = one.severity if isinstance(one, SilenceShape) else None
    return Suppression(
        name=name,
        service=None if one.service == ALL else one.service,
        by=one.author,
        reason=one.reason,
        # A weekly entry has no begin of its own: it holds from the epoch on, in its hours.
        begins_at=one.begins or 0.0,
        ends_at=one.ends,
        weekly=parse_weekly(one.every) if one.every is not None else None,
        signal=signal,
        severity=Severity(severity) if severity is not None else None,
    )
