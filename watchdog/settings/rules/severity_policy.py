"""The severity matrix: the user's rows over the shipped ones, and the checks for contradictory rows."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from watchdog.domain.policy import DEFAULT_MATRIX, Action, Approver, Rule, Then, Window
from watchdog.domain.severity import Severity
from watchdog.settings.rules.recurrence import parse_weekly
from watchdog.settings.schema.adapter_entries import check_name
from watchdog.settings.schema.schema import PolicyShape, RuleShape
from watchdog.settings.text.validation import choose
from watchdog.settings.text.yaml_document import Document

STRENGTH = {
    Action.NOTE: 0,
    Action.TICKET: 1,
    Action.TELL: 1,
    Action.SCHEDULE: 2,
    Action.ASK: 3,
    Action.ROLLBACK: 4,
}
ALLOWED = {
    Severity.CRITICAL: (Action.ROLLBACK, Action.ASK, Action.TELL),
    Severity.HIGH: (Action.ROLLBACK, Action.ASK, Action.SCHEDULE, Action.TELL, Action.TICKET, Action.NOTE),
    Severity.MEDIUM: (Action.ASK, Action.SCHEDULE, Action.TELL, Action.TICKET, Action.NOTE),
    Severity.LOW: (Action.TELL, Action.TICKET, Action.NOTE),
}
"""The actions that each severity may have: a small failure never touches production, a great one is never silent or
delayed.
"""
ASKS = (Action.ROLLBACK, Action.ASK, Action.SCHEDULE)
"""The actions that may become a question: a rollback does in mode assist, and where a guard asks."""
RINGS = frozenset({"pagerduty"})
"""Channels that page people: not for medium and below, unless the user lists them."""

TICKETS = "tickets"
WRITES_DOWN = frozenset({TICKETS})
"""Channels that keep work for later: for medium and for `do: ticket`, unless the user lists them."""
APPRISE = "apprise"
QUIET = WRITES_DOWN | {"console"}
"""Channels that wake no one."""
PAGES = (Severity.CRITICAL, Severity.HIGH)
"""The severities whose notices may wake people."""


def build_matrix(
    document: Document,
    shape: PolicyShape,
    channels: Sequence[str],
    approvers: Mapping[str, Approver],
    windows: Mapping[str, str],
) -> Mapping[Severity, Rule]:
    """Return the merged matrix; report contradictory rows. `approvers` are the contacts, by name."""
    for name in windows:
        check_name(document, ("windows", name))
    named = {name: Window(name, parse_weekly(text)) for name, text in windows.items()}
    matrix = {}
    for severity in Severity:
        written: RuleShape = getattr(shape, severity.value)
        matrix[severity] = _merge(severity, written, channels, approvers, named)
        _check_approver(document, severity, matrix[severity], written, approvers)
        _check_window(document, severity, matrix[severity], written, named)
        _check_row(document, severity, written, matrix[severity], channels)
    _check_order(document, matrix)
    return matrix


def _merge(
    severity: Severity,
    written: RuleShape,
    channels: Sequence[str],
    approvers: Mapping[str, Approver],
    windows: Mapping[str, Window],
) -> Rule:
    shipped = DEFAULT_MATRIX[severity]
    do = Action(written.do) if written.do else shipped.do
    within = written.within if written.within is not None else shipped.within_seconds
    tell = written.tell if written.tell is not None else _default_tell(severity, do, channels)
    if do not in ASKS:
        # A note sends nothing and waits for nothing, so a deadline would have no meaning.
        return Rule(do, None if do is Action.NOTE else within, tell)
    return Rule(
        do,
        within,
        tell,
        _remind(written, shipped, within),
        Then(written.then or shipped.then),
        approver=approvers.get(written.approver or ""),
        window=windows.get(written.window or "") if do is Action.SCHEDULE else None,
    )


def _remind(written: RuleShape, shipped: Rule, within: float | None) -> float | None:
    """Return the time after which a question is repeated; the shipped one is dropped if the deadline comes first."""
    if written.remind is not None:
        return written.remind
    # The user shortened `within` alone: the shipped reminder would come after the deadline.
    later = shipped.remind_seconds is not None and within is not None and shipped.remind_seconds >= within
    return None if later else shipped.remind_seconds


def _default_tell(severity: Severity, do: Action, channels: Sequence[str]) -> tuple[str, ...]:
    if do is Action.NOTE:
        return ()
    if do is Action.TICKET:
        return tuple(channel for channel in channels if channel not in RINGS)
    if severity in (Severity.CRITICAL, Severity.HIGH):
        return audible_channels(channels)
    # A ticket for low severity would stay open until a person closes it.
    unwanted = RINGS if severity is Severity.MEDIUM else RINGS | WRITES_DOWN
    return tuple(channel for channel in channels if channel not in unwanted)


def audible_channels(channels: Sequence[str]) -> tuple[str, ...]:
    """Return the channels that reach people at once; all of them, where there is no such channel."""
    return tuple(channel for channel in channels if channel not in WRITES_DOWN) or tuple(channels)


def warnings_of_pages(matrix: Mapping[Severity, Rule]) -> list[str]:
    """Return a warning for the severities whose pages Apprise alone would bring."""
    alone = [name.value for name, rule in matrix.items() if name in PAGES and set(rule.tell) - QUIET == {APPRISE}]
    if not alone:
        return []
    how = "add pagerduty, slack, email or webhook, and name it under tell:"
    return [f"policy: apprise alone would bring the pages of {' and '.join(alone)}, and keeps no alert open: {how}"]


def _check_row(document: Document, severity: Severity, written: RuleShape, rule: Rule, channels: Sequence[str]) -> None:
    path = ("policy", severity.value)
    if rule.do not in ALLOWED[severity]:
        choices = ", ".join(action.value for action in ALLOWED[severity])
        document.report((*path, "do"), f"impossible: {severity} never asks for {rule.do}", f"write one of: {choices}")
    elif rule.do is Action.TICKET:
        _check_ticket(document, path, written, channels)
    if rule.do is Action.NOTE and written.within is not None:
        document.report((*path, "within"), "impossible: a note has no deadline", "remove it, or write do: tell")
    if rule.do is Action.NOTE and written.tell:
        document.report((*path, "tell"), "impossible: a note is sent to no channel", "remove it, or write do: tell")
    _check_clock(document, severity, written, rule)
    if rule.do is not Action.NOTE and written.tell == ():
        document.report((*path, "tell"), f"impossible: no channel for do: {rule.do}", "name a channel")
    for index, name in enumerate(written.tell or ()):
        if name not in channels:
            document.report((*path, "tell", index), "names no configured channel", _channel_hint(name, channels))
        elif name in (written.tell or ())[:index]:
            document.report((*path, "tell", index), "names a channel twice", "keep one")


def _check_ticket(document: Document, path: tuple[str, ...], written: RuleShape, channels: Sequence[str]) -> None:
    """Report a ticket that no channel would open."""
    if TICKETS not in channels:
        what, instead = "impossible: no channel keeps tickets", "add tickets: {github: owner/name} under channels:"
        document.report((*path, "do"), what, f"{instead}, or write do: tell")
    elif written.tell and TICKETS not in written.tell:
        document.report((*path, "tell"), "impossible: it leaves the ticket out", "add tickets, or write do: tell")


def _check_approver(
    document: Document, severity: Severity, rule: Rule, written: RuleShape, approvers: Mapping[str, Approver]
) -> None:
    """Report an approver who is unknown, or who has no identity to approve with."""
    path, name = ("policy", severity.value, "approver"), written.approver
    if name is None or rule.do not in ASKS:
        return
    if name not in approvers:
        instead = choose(name, approvers) if approvers else "add them under contacts:"
        document.report(path, "names no contact", instead)
    # A mistake in the contact itself explains the missing identity; a second report would confuse.
    elif not approvers[name].answers_as and ("contacts", name) not in [one[:2] for one in document.reported]:
        what = f"no identity maps to {name}, so no approval could count"
        document.report(path, what, f"add answers_as: [U0AAA, {name}] to contacts.{name}")


def _check_window(
    document: Document, severity: Severity, rule: Rule, written: RuleShape, windows: Mapping[str, Window]
) -> None:
    """Report a schedule without a window, a window without a schedule, and a default that would not wait."""
    path, name = ("policy", severity.value), written.window
    if rule.do is not Action.SCHEDULE:
        if name is not None:
            document.report(
                (*path, "window"), f"impossible: do: {rule.do} waits for none", "remove it, or do: schedule"
            )
    elif name is None:
        document.report((*path, "do"), "impossible: it says for which window", "add window: NAME, one of windows:")
    elif name not in windows and ("windows", name) not in document.reported:
        instead = 'add windows: {nights: "Mon-Sun 02:00-04:00 Europe/Berlin"}'
        document.report((*path, "window"), "names no window", choose(name, windows) if windows else instead)
    # A question without an answer has no moment to wait from, so it must not end in a rollback.
    if rule.do is Action.SCHEDULE and rule.then is Then.ROLLBACK:
        what = "impossible: a yes waits for its window, and no answer would not"
        document.report((*path, "then"), what, "write escalate or nothing")


def _check_clock(document: Document, severity: Severity, written: RuleShape, rule: Rule) -> None:
    """Report a reminder or a default that contradicts the row."""
    path = ("policy", severity.value)
    for key in ("remind", "then", "approver"):
        if rule.do not in ASKS and getattr(written, key) is not None:
            document.report((*path, key), f"impossible: no question is asked with do: {rule.do}", "remove it")
    late = written.remind is not None and rule.within_seconds is not None and written.remind >= rule.within_seconds
    if late and rule.do in ASKS:
        document.report((*path, "remind"), "impossible: it must come before the deadline, within", "write less")
    # A deadline that passes is no consent: severities below high never act without a person.
    if rule.then is Then.ROLLBACK and Action.ROLLBACK not in ALLOWED[severity]:
        what = f"impossible: {severity} is never rolled back without approval"
        document.report((*path, "then"), what, "write escalate or nothing")


def _channel_hint(name: str, channels: Sequence[str]) -> str:
    return choose(name, channels) if channels else "add the channel under channels:"


def _check_order(document: Document, matrix: Mapping[Severity, Rule]) -> None:
    """Report a lighter severity with a stronger action than a worse one."""
    for worse, lighter in pairwise(Severity):
        # The action is wrong already; comparing it would report the same mistake twice.
        if any(("policy", severity.value, "do") in document.reported for severity in (worse, lighter)):
            continue
        if STRENGTH[matrix[lighter].do] > STRENGTH[matrix[worse].do]:
            what = f"impossible: {lighter} would {matrix[lighter].do} where {worse} would only {matrix[worse].do}"
            path = ("policy", lighter.value, "do")
            # The row that the user wrote is the one to change, not the shipped one.
            if document.at(path) is None:
                path = ("policy", worse.value, "do")
            document.report(path, what, "let the worse severity do at least as much")
