"""The text of a notice about an incident, made from its facts when it is sent: news first, the arithmetic last.

The order of every notice: the failure for users and its begin (title and first line), the action under way, the task of
the reader, the reasons, the arithmetic.

Rule: the text is true of the moment of the decision (`Notice.at`); later notices report later events. A channel that
receives the notice much later shows that first, with both times.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from watchdog.core.note_text import short
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import AnswerTerms, IncidentNews, Notice, Topic
from watchdog.domain.units import show_seconds
from watchdog.presentation.notices import notice_details as details
from watchdog.presentation.notices.headlines import (
    TITLE_MAX,
    end_title,
    happens,
    state_title,
    target_name,
    time_of_day,
    titled,
)
from watchdog.presentation.outlook import outlook
from watchdog.presentation.text import clean, sentence

LATE_SECONDS = 60.0
"""A notice sent later than this after its decision says so."""
BARE = frozenset(
    {
        Topic.FLAPPING,
        Topic.ACKNOWLEDGED,
        Topic.AUTO_DEPLOY_ON_AGAIN,
        Topic.AUTO_DEPLOY_NOT_OFF,
        Topic.AUTO_DEPLOY_NOT_RESTORED,
        Topic.CLOSED,
    }
)
"""The topics without evidence and arithmetic: no decision is pending in them."""
Lines = tuple[str, ...]
Words = tuple[str, Lines]
"""A title, and the lines below it."""


def worded(notice: Notice, now: float) -> Notice:
    """Return the notice with title, lines and tasks, for a channel that receives it at `now` (UTC epoch seconds)."""
    if notice.about is None:
        return notice
    try:
        text, lines = WORDS[notice.about.topic](notice.about, notice.at)
        title, lines = titled(text, notice.about.incident), (*_late(notice, now), *lines)
        todo = details.todo_lines(notice.about.incident) if notice.resolves else ()
        reasons = details.reasoning(notice.about.incident) if notice.about.topic not in BARE else ()
        progress = outlook(notice.about.incident, now).label
    except Exception as error:  # noqa: BLE001  a fault in a text must not keep a page from people, nor from the store
        title, todo = clean(f"{notice.service} {notice.severity.value}: {notice.about.topic.value}", TITLE_MAX), ()
        reasons, progress = (), ""
        lines = (f"Its words could not be made ({type(error).__name__}): {command_line('explain', notice.incident)}",)
    return replace(notice, title=title, progress=progress, lines=lines, details=reasons, todo=todo)


def _late(notice: Notice, now: float) -> Lines:
    waited = now - notice.at
    if waited < LATE_SECONDS:
        return ()
    return (
        f"As of {time_of_day(notice.at, now)}: this channel got it {show_seconds(waited)} later; see what came since.",
    )


def _since(incident: Incident, at: float) -> str:
    """Return `Critical for 72 s, since 16:16 UTC: home: 41 of 41 probes failed …`."""
    severity = incident.severity.value.capitalize()
    # A person asked for this rollback; no check failed.
    if not incident.findings:
        return f"{severity}, since {time_of_day(incident.onset_at, at)}: {incident.title}"
    worst = incident.findings[0]
    began, lasted = time_of_day(worst.onset_at, at), show_seconds(max(0.0, at - worst.onset_at))
    when = f"{severity} for {lasted}, since {began}"
    if incident.rollback.restored_at is not None:
        when = f"{severity} since {began}, rolled back {time_of_day(incident.rollback.restored_at, at)}"
    # The worst finding may have begun later than the incident: readers need both times.
    earlier = worst.onset_at - incident.onset_at > 1.0
    whole = f" (the incident began {time_of_day(incident.onset_at, at)})" if earlier else ""
    return f"{when}: {worst.signal}: {worst.text}{whole}"


def _body(news: IncidentNews, at: float, *steps: str) -> Lines:
    """Return the news of an open incident; `steps` are the action under way and the reader's task."""
    incident, was = news.incident, news.auto_deploy_off
    off = (f"Auto-deploy is OFF because of us (it was {was}): merges do not ship.",) if was else ()
    return (_since(incident, at), *steps, *off, *details.done_lines(incident))


def _take_up(news: IncidentNews) -> str:
    """Return the command to acknowledge, and its effect on other people."""
    why = "To take it up, so that nobody else is called" if news.escalates else "To say that you look after it"
    return f"{why}: {command_line('acknowledge', news.incident.id)}"


def _found(news: IncidentNews, at: float) -> Words:
    return state_title(news.incident, at), _body(news, at)


def _left_to_human(news: IncidentNews, at: float) -> Words:
    decision = news.incident.decision
    why = (f"Left to you: {decision.why}",) if decision is not None else ()
    return state_title(news.incident, at), _body(news, at, *why, _take_up(news))


def _unmuted(news: IncidentNews, at: float) -> Words:
    besides = [f"Fails besides: {text}" for text in news.also]
    steps = ("A silence kept it from you until now.", *besides, _take_up(news))
    return state_title(news.incident, at), _body(news, at, *steps)


def _flapping(news: IncidentNews, at: float) -> Words:
    return f"{news.incident.service} is flapping: rollbacks are asked about", (f"Held: {news.why}",)


def _announced(news: IncidentNews, at: float) -> Words:
    incident = news.incident
    when = time_of_day(incident.announced_until or at, at)
    left = show_seconds(max(0.0, (incident.announced_until or at) - at))
    steps = (
        f"At {when}, in {left}: {incident.service} is rolled back to {details.name_target(incident)}.",
        f"To prevent it: {command_line('stop', incident.id)}",
    )
    return f"{happens(incident)}: rollback to {target_name(incident)} at {when}", _body(news, at, *steps)


def _kept(news: IncidentNews, at: float) -> Words:
    incident, terms, until = news.incident, news.terms or AnswerTerms(), news.incident.announced_until or at
    when = terms.opens or time_of_day(until, at)
    missed = (f"It was not done in its window: {news.why}.",) if news.why else ()
    kept = f"Kept for {when} (in {show_seconds(max(0.0, until - at))})."
    steps = (*missed, kept, *details.kept_lines(incident, terms.window))
    return f"{happens(incident)}: rollback kept for {when}", _body(news, at, *steps)


def _asking(news: IncidentNews, at: float, *before: str) -> Lines:
    asked = details.asking_lines(news.incident, news.terms, at) if news.terms is not None else ()
    return _body(news, at, *before, *asked)


def _asked(news: IncidentNews, at: float) -> Words:
    due = details.due_at(news.incident)
    by = f" by {time_of_day(due, at)}" if due is not None else ""
    return f"{happens(news.incident)}: approve rollback to {target_name(news.incident)}{by}?", _asking(news, at)


def _reminded(news: IncidentNews, at: float) -> Words:
    waited = show_seconds(max(0.0, at - (news.since or at)))
    return f"{happens(news.incident)}: please answer, asked {waited} ago", _asking(news, at)


def _unanswered(news: IncidentNews, at: float) -> Words:
    kept = (f"Not rolled back by default, a human is needed: {news.why}",) if news.why else ()
    waited = show_seconds(max(0.0, at - (news.since or at)))
    return f"{happens(news.incident)}: nobody answered for {waited}", _asking(news, at, *kept, _take_up(news))


def _acknowledged(news: IncidentNews, at: float) -> Words:
    deadline = news.incident.question.deadline if news.terms is not None else None
    lines: Lines = ()
    if deadline is not None:
        lines = ("Watching goes on. What was asked is still to be answered.",)
        if deadline.due_at is not None:
            lines = (*lines, details.without_an_answer(news.incident, deadline.then))
    return f"{news.incident.service}: {news.by} looks after it", (_since(news.incident, at), *lines)


def _escalated(news: IncidentNews, at: float) -> Words:
    opened = show_seconds(max(0.0, at - news.incident.opened_at))
    why = f"Escalated to {news.by}: open for {opened}, and not acknowledged."
    return f"{happens(news.incident)}: open for {opened}, not taken up", _asking(news, at, why, _take_up(news))


def _still_open(news: IncidentNews, at: float) -> Words:
    ago = show_seconds(max(0.0, at - (news.since or at)))
    why = f"Acknowledged by {news.by} {ago} ago, and nothing changed since."
    return f"{happens(news.incident)}: still open, {news.by} had it", _asking(news, at, why, _take_up(news))


def _overdue(news: IncidentNews, at: float) -> Words:
    incident = news.incident
    waited = show_seconds(max(0.0, at - (news.since or at)))
    due = f"For {waited} a rollback to {incident.rollback.target} is due"
    step = f"{due} and not known to be on its way; it is still being tried."
    return f"{happens(incident)}: rollback due for {waited}, not sent yet", _body(news, at, step)


def _rolling_back(news: IncidentNews, at: float) -> Words:
    incident = news.incident
    step = "Nothing to do now: once the rollback is live the recovery is verified, and you hear how it ended."
    # Auto-deploy was not read back as off: a merge would deploy over the rollback.
    if not incident.pin.off:
        step = "Merge nothing until it is verified: auto-deploy was not read back as off."
    return f"{happens(incident)}: rolling back to {target_name(incident)}", _body(news, at, step)


def _stopped_short(news: IncidentNews, at: float) -> Words:
    incident, rollback = news.incident, news.incident.rollback
    # The furthest progress first: the title names the step at which it stopped.
    if rollback.restored_at is not None:
        title = f"{incident.service} is not proved to be well after its rollback"
    elif rollback.requested_at is not None:
        title = f"{happens(incident)}: the rollback needs a human"
    elif incident.by_hand:
        title = f"{incident.service}: the rollback that was asked for is not made"
    else:
        title = state_title(incident, at)
    return title, _body(news, at, f"What happened: {news.why}", _take_up(news))


def _not_live_yet(news: IncidentNews, at: float) -> Words:
    incident = news.incident
    waited = show_seconds(max(0.0, at - (incident.rollback.requested_at or at)))
    status = f" ({news.why})" if news.why else ""
    step = f"The rollback {incident.rollback.deploy} is not live after {waited}{status}."
    return f"{happens(incident)}: rollback not live after {waited}", _body(news, at, step)


def _auto_deploy_on_again(news: IncidentNews, at: float) -> Words:
    line = f"Auto-deploy is {news.why} again (a Blueprint sync or a colleague): a merge may undo this."
    return f"{news.incident.service}: auto-deploy was switched on ({news.why})", (line,)


def _auto_deploy_not_off(news: IncidentNews, at: float) -> Words:
    line = f"Auto-deploy could not be switched off again: {news.why}. Switch it off by hand."
    return f"{news.incident.service}: auto-deploy could not be switched off", (line,)


def _auto_deploy_not_restored(news: IncidentNews, at: float) -> Words:
    service = news.incident.service
    again = "Once that is over" if news.under_way else "Switch it on by hand, or try again"
    lines = (f"Why: {news.why}", f"{again}: {command_line('restore-auto-deploy', service)}")
    return f"{service}: auto-deploy is OFF, it could not be given back", lines


def _returned(news: IncidentNews, at: float) -> Words:
    service = news.incident.service
    # Without a known code there is nothing that `trust` could lift from the deny-list.
    trust = f" If it is good now: {command_line('trust', news.code)}" if news.code else ""
    steps = (
        sentence(news.why),
        "It is not rolled back a second time unless a human says so.",
        f"To roll back once more: {command_line('rollback', service)}.{trust}",
    )
    how = "on its way again" if news.under_way else "live again"
    what = f"bad commit {short(news.code)}" if news.code else "bad code"
    return f"{service}: {what} is {how}", _body(news, at, *steps)


def _closed(news: IncidentNews, at: float) -> Words:
    lines = (f"How: {news.why}", *details.done_lines(news.incident), *details.left_lines(news))
    return end_title(news.incident), lines


WORDS: Mapping[Topic, Callable[[IncidentNews, float], Words]] = MappingProxyType(
    {
        Topic.FOUND: _found,
        Topic.LEFT_TO_HUMAN: _left_to_human,
        Topic.UNMUTED: _unmuted,
        Topic.FLAPPING: _flapping,
        Topic.ANNOUNCED: _announced,
        Topic.KEPT: _kept,
        Topic.ASKED: _asked,
        Topic.REMINDED: _reminded,
        Topic.UNANSWERED: _unanswered,
        Topic.ACKNOWLEDGED: _acknowledged,
        Topic.ESCALATED: _escalated,
        Topic.STILL_OPEN: _still_open,
        Topic.OVERDUE: _overdue,
        Topic.ROLLING_BACK: _rolling_back,
        Topic.STOPPED_SHORT: _stopped_short,
        Topic.NOT_LIVE_YET: _not_live_yet,
        Topic.AUTO_DEPLOY_ON_AGAIN: _auto_deploy_on_again,
        Topic.AUTO_DEPLOY_NOT_OFF: _auto_deploy_not_off,
        Topic.AUTO_DEPLOY_NOT_RESTORED: _auto_deploy_not_restored,
        Topic.RETURNED: _returned,
        Topic.CLOSED: _closed,
    }
)
"""The function of each topic; a test holds that none is missing."""
