"""The text of a notice about an incident, made from its facts when it is sent: news first, the arithmetic last.

The order of every notice: the failure for users and its begin (title), the cause, the event that the notice is about,
the plan (`outlook.py`), the reader's task with its command; then, as details, the changes made and the evidence.

Rule: the text is true of the moment of the decision (`Notice.at`); later notices report later events. A channel that
receives the notice much later shows that first, with both times.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from types import MappingProxyType
from urllib.parse import quote

from watchdog.core.note_text import short, way_back
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.notices import Link, Notice, Topic
from watchdog.domain.policy import Mode
from watchdog.domain.remedies.kinds import words
from watchdog.domain.units import show_seconds
from watchdog.presentation.notices import notice_details as details
from watchdog.presentation.notices.headlines import (
    TITLE_MAX,
    end_title,
    fitted,
    happens,
    longest_name,
    state_title,
    titled,
)
from watchdog.presentation.notices.notice_case import NoticeCase
from watchdog.presentation.outlook import Outlook
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
WITHOUT_PLAN = frozenset(
    {
        Topic.FLAPPING,
        Topic.AUTO_DEPLOY_ON_AGAIN,
        Topic.AUTO_DEPLOY_NOT_OFF,
        Topic.AUTO_DEPLOY_NOT_RESTORED,
        Topic.RETURNED,
        Topic.CLOSED,
    }
)
"""The topics about one event: their news repeats neither the plan nor an open question."""
PROGRESS: Mapping[Topic, str] = MappingProxyType({Topic.RETURNED: "needs you"})
"""The badge of a topic that is not about the progress of its incident: that goes on beside it."""
Lines = tuple[str, ...]
Words = tuple[str, Lines]
"""A title, and the news below it."""


def worded(notice: Notice, now: float, tz: tzinfo = UTC) -> Notice:
    """Return the notice with its texts, for a channel that receives it at `now` (UTC epoch seconds).

    Times of day are in `tz`, with its name beside each.
    """
    if notice.about is None:
        return _own_words(notice)
    try:
        case = NoticeCase(notice.about, notice.at, tz)
        text, news = WORDS[notice.about.topic](case)
        title, lines = titled(text, case.incident), (*_late(notice, now, case), *news)
        todo = details.todo_lines(case.incident) if notice.resolves else ()
        evidence = _evidence(case)
        progress, links = PROGRESS.get(case.news.topic, case.outlook.label), _links(notice, case.outlook)
    except Exception as error:  # noqa: BLE001  a fault in a text must not keep a page from people, nor from the store
        title, todo = clean(f"{notice.service} {notice.severity.value}: {notice.about.topic.value}", TITLE_MAX), ()
        evidence, progress, links = (), "", notice.links
        lines = (f"Its text could not be made ({type(error).__name__}): {command_line('explain', notice.incident)}",)
    return replace(notice, title=title, progress=progress, lines=lines, links=links, details=evidence, todo=todo)


def _links(notice: Notice, coming: Outlook) -> tuple[Link, ...]:
    """Return the links; where the step is a rollback of another service, its plan in the console is the second one."""
    page = f"/incidents/{notice.incident}"
    found = next((one.href.removesuffix(page) for one in notice.links if one.href.endswith(page)), "")
    if not found or "rollback" not in coming.commands or not coming.other:
        return notice.links
    there = f"{found}/services/{quote(coming.other)}/rollback"
    plan = Link(f"Roll {coming.other} back in the console", f"{there}?blamed={quote(coming.other_deploy)}")
    # A stored notice may have it already, from an older version without the deploy.
    first, *more = (one for one in notice.links if one.href.partition("?")[0] != there)
    return (first, plan, *more)


def _own_words(notice: Notice) -> Notice:
    """Return a notice whose title was made at the decision; one too long for a lock screen is whole in a first line."""
    if len(notice.title) <= TITLE_MAX:
        return notice
    # An alert about an integration has its name in its key.
    named = longest_name(notice.title, (notice.service, notice.incident.partition("/")[2]), plain=notice.plain)
    return replace(notice, title=fitted(notice.title, named), lines=(notice.title, *notice.lines))


def _evidence(case: NoticeCase) -> Lines:
    if case.news.topic in BARE:
        return details.done_lines(case.incident)
    return (*details.done_lines(case.incident), *details.now_lines(case.news), *details.reasoning(case.incident))


def _late(notice: Notice, now: float, case: NoticeCase) -> Lines:
    waited = now - notice.at
    if waited < LATE_SECONDS:
        return ()
    as_of = replace(case, at=now).clock(notice.at)
    return (f"As of {as_of}, delivered {show_seconds(waited)} later: the incident may have changed since.",)


def _body(case: NoticeCase, *events: str, todo: str = "") -> Lines:
    """Return the news of an open incident: cause, `events`, plan, the reader's task (and `todo`, of this notice)."""
    coming = case.outlook
    steps = details.task_lines(case, more=bool(todo))
    lines = (details.cause_line(case), *events, coming.sentence, *steps, todo, coming.besides)
    return tuple(line for line in lines if line)


def _found(case: NoticeCase) -> Words:
    return state_title(case.incident, case.at, case.tz), _body(case)


def _unmuted(case: NoticeCase) -> Words:
    also = (f"Also failing: {text}" for text in case.news.also)
    return state_title(case.incident, case.at, case.tz), _body(
        case, "A silence held this notice back until now.", *also
    )


def _flapping(case: NoticeCase) -> Words:
    return f"{case.incident.service} is flapping: rollbacks need approval", (sentence(case.news.why),)


def _announced(case: NoticeCase) -> Words:
    incident = case.incident
    when = case.clock(incident.announced_until or case.at)
    return f"{happens(incident)}: {way_back(incident).noun} at {when}", _body(case)


def _kept(case: NoticeCase) -> Words:
    incident, news = case.incident, case.news
    when = case.terms.opens or case.clock(incident.announced_until or case.at)
    missed = (f"It was not sent in its last window: {news.why}.",) if news.why else ()
    policy = (f"Its window is {case.terms.window} (policy: {incident.severity}: window).",) if case.terms.window else ()
    return f"{happens(incident)}: rollback scheduled for {when}", _body(case, *missed, *policy)


def _asking(case: NoticeCase, *events: str) -> Lines:
    """Return the news where a question may be open: its terms follow the event."""
    terms = details.answer_lines(case) if case.news.terms is not None else ()
    return _body(case, *events, *terms)


def _by(case: NoticeCase) -> str:
    return f" by {case.clock(case.due_at)}" if case.due_at is not None else ""


def _asked(case: NoticeCase) -> Words:
    return f"{happens(case.incident)}: approve {way_back(case.incident).noun}{_by(case)}?", _asking(case)


def _reminded(case: NoticeCase) -> Words:
    waited = case.lasted(case.news.since)
    return f"{happens(case.incident)}: unanswered {waited}, approve{_by(case)}?", _asking(case)


def _unanswered(case: NoticeCase) -> Words:
    why = (f"The default (roll back) is not carried out: {case.news.why}.",) if case.news.why else ()
    return f"{happens(case.incident)}: no answer for {case.lasted(case.news.since)}", _asking(case, *why)


def _acknowledged(case: NoticeCase) -> Words:
    return f"{case.incident.service}: acknowledged by {case.news.by}", (details.cause_line(case), case.outlook.sentence)


def _escalated(case: NoticeCase) -> Words:
    # Since the last call, not the opening: before that a person may have had it, or a silence held it back.
    notified_at = case.incident.escalation.notified_at
    waited = case.lasted(notified_at if notified_at is not None else case.incident.opened_at)
    why = f"{f'Escalated to {case.news.by}' if case.news.by else 'Sent again'}: not acknowledged for {waited}."
    return f"{happens(case.incident)}: not acknowledged for {waited}", _asking(case, why)


def _still_open(case: NoticeCase) -> Words:
    news = case.news
    if not news.by:
        since = case.clock(news.since if news.since is not None else case.at)
        gap = f"No worker watched it for a time after {since}: if an all-clear came since, it does not hold."
        return f"{happens(case.incident)}: still open after a gap", _asking(case, gap)
    why = f"{news.by} acknowledged it {case.lasted(news.since)} ago, and it is still open."
    return f"{happens(case.incident)}: still open, acknowledged by {news.by}", _asking(case, why)


def _look(case: NoticeCase) -> str:
    """Return the task while a rollback is late: it may still go live, and a second one by hand would cross it."""
    return f"Look at {clean(case.incident.service)}'s deploys on Render first: this rollback may still go live."


def _overdue(case: NoticeCase) -> Words:
    # Requested: it may have been sent, and Render's answer is missing.
    waited, sent = case.lasted(case.news.since), case.incident.rollback.requested_at is not None
    late = f"rollback not confirmed for {waited}" if sent else f"rollback due for {waited}, not sent yet"
    return f"{happens(case.incident)}: {late}", _body(case, todo=_look(case))


def _remedy_done(case: NoticeCase) -> Words:
    name = next((one.name for one in reversed(case.incident.remedies) if one.done_at is not None), "")
    return f"{happens(case.incident)}: {clean(words(name).title)}", _body(case)


def _rolling_back(case: NoticeCase) -> Words:
    nothing = "" if case.outlook.task else "Nothing to do now: the next notice reports how it ended."
    return f"{happens(case.incident)}: {way_back(case.incident).doing}", _body(case, todo=nothing)


def _stopped_short(case: NoticeCase) -> Words:
    incident, rollback = case.incident, case.incident.rollback
    # The furthest progress first: the title names the step at which it stopped.
    if rollback.restored_at is not None:
        title = f"{incident.service}: recovery not proved after its rollback"
    elif rollback.refused_at is not None:
        title = f"{happens(incident)}: Render refused the rollback"
    elif rollback.requested_at is not None:
        title = f"{happens(incident)}: no rollback is known to be live"
    elif incident.by_hand:
        title = f"{incident.service}: the requested rollback was not sent"
    else:
        title = state_title(incident, case.at, case.tz)
    return title, _body(case)


def _not_live_yet(case: NoticeCase) -> Words:
    rollback = case.incident.rollback
    waited = case.lasted(rollback.requested_at)
    status = f" ({case.news.why})" if case.news.why else ""
    step = f"The rollback {rollback.deploy} is not live after {waited}{status}."
    return f"{happens(case.incident)}: rollback not live after {waited}", _body(case, step, todo=_look(case))


def _auto_deploy_on_again(case: NoticeCase) -> Words:
    lines = (
        f"A Blueprint sync or a person switched auto-deploy on ({case.news.why}): a merge would replace the rollback.",
        "Switch it off on Render, or merge nothing until the incident is over.",
    )
    return f"{case.incident.service}: auto-deploy was switched on ({case.news.why})", lines


def _auto_deploy_not_off(case: NoticeCase) -> Words:
    lines = (f"The daemon could not switch auto-deploy off again: {case.news.why}.", "Switch it off on Render.")
    return f"{case.incident.service}: auto-deploy could not be switched off", lines


def _auto_deploy_not_restored(case: NoticeCase) -> Words:
    service = case.incident.service
    when = "Once the rollback is over" if case.news.under_way else "Switch it on at Render, or try again"
    lines = (f"Why: {case.news.why}", f"{when}: {command_line('restore-auto-deploy', service)}")
    return f"{service}: auto-deploy is OFF, could not be switched on", lines


def _returned(case: NoticeCase) -> Words:
    news, service, decision = case.news, case.incident.service, case.incident.decision
    # The guard `mode` refuses a rollback by hand, too.
    observed = decision is not None and decision.mode == Mode.OBSERVE
    first = f"resume the daemon first ({clean(news.stopped)}), then " if news.stopped else ""
    once_more = "on Render's dashboard" if observed else f"{first}{command_line('rollback', service)}"
    # Without a known code there is nothing that `trust` could lift from the deny-list.
    trust = f" If it is good now: {command_line('trust', news.code)}" if news.code else ""
    lines = (
        details.cause_line(case),
        sentence(news.why),
        "The daemon does not roll it back a second time by itself.",
        f"To roll back once more: {once_more}.{trust}",
    )
    how = "on its way again" if news.under_way else "live again"
    what = f"bad commit {short(news.code)}" if news.code else "bad code"
    return f"{service}: {what} is {how}", lines


def _closed(case: NoticeCase) -> Words:
    ended = case.outlook.sentence.removesuffix(".")
    how = f"{ended}: {case.news.why}." if case.news.why else f"{ended}."
    return end_title(case.incident), (how, *details.left_lines(case))


WORDS: Mapping[Topic, Callable[[NoticeCase], Words]] = MappingProxyType(
    {
        Topic.FOUND: _found,
        Topic.LEFT_TO_HUMAN: _found,
        Topic.UNMUTED: _unmuted,
        Topic.FLAPPING: _flapping,
        Topic.ANNOUNCED: _announced,
        Topic.SCHEDULED: _kept,
        Topic.ASKED: _asked,
        Topic.REMINDED: _reminded,
        Topic.UNANSWERED: _unanswered,
        Topic.ACKNOWLEDGED: _acknowledged,
        Topic.ESCALATED: _escalated,
        Topic.STILL_OPEN: _still_open,
        Topic.OVERDUE: _overdue,
        Topic.FLAG_OFF: _remedy_done,
        Topic.REMEDY_DONE: _remedy_done,
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
