"""The words of a notice about an incident, made from its facts when it is sent: news first, the arithmetic last.

The order of every notice: what is wrong for users and since when (title and first line), what is being done, what the
reader has to do, why we think so, the arithmetic. A duration is counted up to the moment of sending, so a page that is
repeated or was held up tells how long it has lasted by then.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from watchdog.core.note_text import short
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import IncidentNews, Notice, OpenQuestion, Topic
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds
from watchdog.presentation import notice_details as details
from watchdog.presentation.headlines import clock, end_title, happens, state_title, target_name, titled
from watchdog.presentation.text import sentence

Lines = tuple[str, ...]
Words = tuple[str, Lines]
"""A title, and the lines below it."""


def worded(notice: Notice, now: float) -> Notice:
    """Return the notice with title, lines and tasks, as they are true at `now` (UTC epoch seconds)."""
    if notice.about is None:
        return notice
    try:
        title, lines = WORDS[notice.about.topic](notice.about, now)
        todo = details.todo_lines(notice.about.incident) if notice.resolves else ()
    except Exception as error:  # noqa: BLE001  a fault in a text must not keep a page from people, nor from the store
        title, todo = f"{notice.service} {notice.severity.value}: {notice.about.topic.value}", ()
        lines = (f"Its words could not be made ({type(error).__name__}): watchdog explain {notice.incident}",)
    return replace(notice, title=titled(title), lines=lines, todo=todo)


def _since(incident: Incident, now: float) -> str:
    """Return `Critical for 72 s, since 16:16 UTC: home: 41 of 41 probes failed …`."""
    lasted = show_seconds(max(0.0, now - incident.onset_at))
    if not incident.findings:  # a person asked for a rollback
        return f"{lasted} ago: {incident.title}"
    what = f"{incident.findings[0].signal}: {incident.findings[0].text}"
    return f"{incident.severity.value.capitalize()} for {lasted}, since {clock(incident.onset_at)}: {what}"


def _body(news: IncidentNews, now: float, *steps: str) -> Lines:
    """Return the lines of a notice of something that goes on; `steps`: what is being done, and what to do."""
    incident, was = news.incident, news.auto_deploy_off
    off = (f"Auto-deploy is OFF because of us (it was {was}): merges do not ship.",) if was else ()
    off = () if incident.pin.note else off  # what was done says so
    return (_since(incident, now), *steps, *off, *details.done_lines(incident), *details.reasoning(incident))


def _until(incident: Incident, now: float) -> str:
    """Return when an announced rollback begins: `in 5 min`."""
    left = (incident.announced_until or now) - now
    return f"in {show_seconds(left)}" if left > 0 else "now"


def _take_up(incident: Incident) -> Lines:
    """Return how to stop the calls, where there are more to come."""
    if incident.severity is not Severity.CRITICAL:
        return ()
    return (f"To take it up, so that nobody else is called: watchdog acknowledge {incident.id}",)


def _found(news: IncidentNews, now: float) -> Words:
    return state_title(news.incident), _body(news, now)


def _left_to_human(news: IncidentNews, now: float) -> Words:
    decision = news.incident.decision
    why = (f"Left to you: {decision.why}",) if decision is not None else ()
    return state_title(news.incident), _body(news, now, *why, *_take_up(news.incident))


def _unmuted(news: IncidentNews, now: float) -> Words:
    besides = [f"Fails besides: {text}" for text in news.also]
    return state_title(news.incident), _body(
        news, now, "A silence kept it from you until now.", *besides, *_take_up(news.incident)
    )


def _flapping(news: IncidentNews, now: float) -> Words:
    return f"{news.incident.service} is flapping: rollbacks are asked about", (f"Held: {news.why}",)


def _announced(news: IncidentNews, now: float) -> Words:
    incident = news.incident
    when = _until(incident, now)
    steps = (
        f"To be rolled back {when}: {incident.service} to {details.name_target(incident)}.",
        f"To prevent it: watchdog stop {incident.id}",
    )
    return f"{happens(incident)}: rollback to {target_name(incident)} {when}", _body(news, now, *steps)


def _kept(news: IncidentNews, now: float) -> Words:
    incident, asked = news.incident, news.question or OpenQuestion()
    when = asked.opens or clock(incident.announced_until or now)
    missed = (f"It was not done in its window: {news.why}.",) if news.why else ()
    steps = (*missed, f"Kept for {when} ({_until(incident, now)}).", *details.kept_lines(incident, asked.window))
    return f"{incident.service}: rollback kept for {when}", _body(news, now, *steps)


def _question(news: IncidentNews, now: float, *before: str) -> Lines:
    asked = details.asking_lines(news, news.question, now) if news.question is not None else ()
    return _body(news, now, *before, *asked)


def _asked(news: IncidentNews, now: float) -> Words:
    incident = news.incident
    left = details.seconds_left(incident, now)
    until = f" {show_seconds(left)} left" if left is not None else ""
    return f"{incident.service}: approve the rollback to {target_name(incident)}?{until}", _question(news, now)


def _reminded(news: IncidentNews, now: float) -> Words:
    waited = show_seconds(max(0.0, now - (news.since or now)))
    return f"{happens(news.incident)}: no answer for {waited}, please answer", _question(news, now)


def _unanswered(news: IncidentNews, now: float) -> Words:
    kept = (f"Not rolled back by default, a human is needed: {news.why}",) if news.why else ()
    waited = show_seconds(max(0.0, now - (news.since or now)))
    return f"{happens(news.incident)}: no answer for {waited}", _question(news, now, *kept)


def _acknowledged(news: IncidentNews, now: float) -> Words:
    clock_of = news.incident.question.deadline if news.question is not None else None
    lines: Lines = ()
    if clock_of is not None:
        lines = ("Watching goes on. What was asked is still to be answered.",)
        if clock_of.due_at is not None:
            lines = (*lines, details.without_an_answer(news.incident, clock_of.then))
    return f"{news.incident.service}: {news.by} looks after it", (_since(news.incident, now), *lines)


def _escalated(news: IncidentNews, now: float) -> Words:
    opened = show_seconds(max(0.0, now - news.incident.opened_at))
    why = f"Escalated to {news.by}: open for {opened}, and not acknowledged."
    return f"{happens(news.incident)}: open for {opened}, not taken up", _question(
        news, now, why, *_take_up(news.incident)
    )


def _still_open(news: IncidentNews, now: float) -> Words:
    ago = show_seconds(max(0.0, now - (news.since or now)))
    why = f"Acknowledged by {news.by} {ago} ago, and nothing changed since."
    return f"{happens(news.incident)}: still open, {news.by} had it", _question(
        news, now, why, *_take_up(news.incident)
    )


def _overdue(news: IncidentNews, now: float) -> Words:
    incident = news.incident
    waited = show_seconds(max(0.0, now - (news.since or now)))
    due = f"For {waited} a rollback to {incident.rollback.target} is due"
    step = f"{due} and not known to be on its way; it is still being tried."
    return f"{happens(incident)}: rollback due for {waited}, not sent yet", _body(news, now, step)


def _rolling_back(news: IncidentNews, now: float) -> Words:
    incident, target = news.incident, news.incident.rollback.target
    step = f"Nothing to do now: once {target} is live its recovery is verified, and you hear how it ended."
    if not incident.pin.off:
        step = "Merge nothing until it is verified: auto-deploy was not read back as off."
    return f"{happens(incident)}: rolling back to {target_name(incident)}", _body(news, now, step)


def _stopped_short(news: IncidentNews, now: float) -> Words:
    incident, rollback = news.incident, news.incident.rollback
    if rollback.restored_at is not None:
        title = f"{incident.service}: the rollback to {target_name(incident)} did not settle it"
    elif rollback.requested_at is not None:
        title = f"{happens(incident)}: the rollback needs a human"
    else:
        title = state_title(incident)
    return title, _body(news, now, f"What happened: {news.why}", *_take_up(incident))


def _not_live_yet(news: IncidentNews, now: float) -> Words:
    incident = news.incident
    waited = show_seconds(max(0.0, now - (incident.rollback.requested_at or now)))
    status = f" ({news.why})" if news.why else ""
    step = f"The rollback {incident.rollback.deploy} is not live after {waited}{status}."
    return f"{happens(incident)}: rollback not live after {waited}", _body(news, now, step)


def _auto_deploy_on_again(news: IncidentNews, now: float) -> Words:
    line = f"Auto-deploy is {news.why} again (a Blueprint sync or a colleague): a merge may undo the rollback."
    return f"{news.incident.service}: auto-deploy was switched on ({news.why})", (line,)


def _auto_deploy_not_off(news: IncidentNews, now: float) -> Words:
    line = f"Auto-deploy could not be switched off again: {news.why}. Switch it off by hand."
    return f"{news.incident.service}: auto-deploy could not be switched off", (line,)


def _auto_deploy_not_restored(news: IncidentNews, now: float) -> Words:
    service = news.incident.service
    again = "Once that is over" if news.acting else "Switch it on by hand, or try again"
    lines = (f"Why: {news.why}", f"{again}: watchdog restore-auto-deploy {service}")
    return f"{service}: auto-deploy is OFF, it could not be given back", lines


def _returned(news: IncidentNews, now: float) -> Words:
    service = news.incident.service
    steps = (
        f"{sentence(news.why)}",
        "It is not rolled back a second time unless a human says so.",
        f"To roll back once more: watchdog rollback {service}. If it is good now: watchdog trust {news.code}",
    )
    return f"{service}: the bad commit {short(news.code)} is back", _body(news, now, *steps)


def _closed(news: IncidentNews, now: float) -> Words:
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
"""What is said of each topic; a test asks that none is missing."""
