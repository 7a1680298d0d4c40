"""What a notice claims about an open incident, held against the situation of that incident."""

from collections.abc import Mapping

from watchdog.domain.notices import Notice
from watchdog.presentation.notices.headlines import TITLE_MAX
from watchdog.presentation.notices.notice_text import WITHOUT_PLAN
from watchdog.presentation.outlook import outlook
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.situation import Situation, situation

UNDER_WAY = {Situation.SENDING, Situation.REQUESTED, Situation.DEPLOYING}
CLAIMS: Mapping[str, set[Situation]] = {
    "rolling back to": UNDER_WAY,
    "rollback due for": {Situation.SENDING},
    "rollback not confirmed": {Situation.REQUESTED},
    "not sent yet": {Situation.SENDING},
    "rollback not live": {Situation.DEPLOYING},
    "asked render for": {Situation.REQUESTED, Situation.DEPLOYING},
    "nothing to do now": {*UNDER_WAY, Situation.VERIFYING, Situation.NO_ACTION, Situation.UNDECIDED},
    "approve rollback to": {Situation.QUESTION},
    "waits for an answer": {Situation.QUESTION},
    ": unanswered": {Situation.QUESTION},
    "no answer for": {Situation.QUESTION},
    "unless stopped": {Situation.ANNOUNCED},
    "rollback scheduled": {Situation.SCHEDULED},
    "not rolled back:": {Situation.BLOCKED, Situation.BLOCKED_FOR_NOW, Situation.ASKS_LATER},
    "nothing is rolled back": {Situation.NOT_THE_DEPLOY},
    "the daemon asks again": {Situation.ASKS_LATER},
    "recovery not proved": {Situation.DID_NOT_HELP, Situation.CLOSED},
    "rollback is known to be live": {Situation.NOT_DONE, Situation.CLOSED},
    "render refused the rollback": {Situation.NOT_DONE},
}
"""Phrases of title and news, with the situations in which they are true."""


def contradictions(notice: Notice) -> list[str]:
    """Return where a notice with its texts says other than its incident's outlook; titles too long for a phone, too."""
    if notice.about is None:
        return []
    incident, found = notice.about.incident, situation(notice.about.incident)
    news = "\n".join((notice.title, *notice.lines)).lower()
    wrong = [f"{phrase!r} in {found}" for phrase, true in CLAIMS.items() if phrase in news and found not in true]
    plan = outlook(incident, notice.at, state=CurrentState(stopped=notice.about.stopped)).sentence
    if notice.about.topic not in WITHOUT_PLAN and plan not in notice.lines:
        wrong.append(f"no plan: {plan}")
    if len(notice.title) > TITLE_MAX:
        wrong.append(f"too long: {notice.title}")
    return wrong
