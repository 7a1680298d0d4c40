"""Incidents as cards: headline, progress with its countdown, the commands that are accepted now, the suspect. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from watchdog.console.views.approval_views import ask_view, can_undo
from watchdog.console.views.card_models import CardView, SaidView, SuspectView
from watchdog.console.views.deploy_facts import author_of, page_of, pages_of
from watchdog.core.note_text import way_back
from watchdog.core.notice_links import status_page
from watchdog.domain.deploys import Deploy
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident, Phase, ServiceState
from watchdog.domain.policy import Rule
from watchdog.domain.units import show_seconds
from watchdog.presentation import decision_text
from watchdog.presentation.incident_facts import ended_at
from watchdog.presentation.notices.headlines import end_title, happens, still_fails
from watchdog.presentation.outlook import Outlook, outlook
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.outlooks.outlook_case import likely_to_blame, suspects
from watchdog.presentation.situation import Situation, situation
from watchdog.presentation.status_text import open_incident
from watchdog.presentation.text import clean, short

MESSAGE_MAX = 100
NOTE_MAX = 160
"""Characters of a note on a card: the buttons stay on a phone's first screen, and the timeline has the whole note."""
COUNTED: Mapping[Situation, str] = MappingProxyType(
    {
        Situation.QUESTION: "{} left",
        Situation.ANNOUNCED: "sent in {}",
        Situation.SCHEDULED: "sent in {}",
        Situation.ASKS_LATER: "asks again in {}",
    }
)
"""The countdown of each situation with a known time."""
TONES: Mapping[Situation, str] = MappingProxyType(
    {
        **dict.fromkeys(Situation, "needs"),
        **dict.fromkeys((Situation.UNDECIDED, Situation.NO_ACTION), "quiet"),
        **dict.fromkeys((Situation.REMEDYING, Situation.SENDING, Situation.REQUESTED), "acting"),
        **dict.fromkeys((Situation.DEPLOYING, Situation.VERIFYING), "acting"),
        **dict.fromkeys((Situation.ANNOUNCED, Situation.SCHEDULED), "soon"),
        Situation.CLOSED: "over",
    }
)
"""The colour of the badge: a person is needed, an action is under way or coming, nothing is asked, or it is over."""
URGENCY = ("needs", "soon", "acting", "quiet", "over")
"""The tones in the order in which people have to read them."""


def card_view(
    incident: Incident,
    service: ServiceState | None,
    rule: Rule,
    now: float,
    authors: Sequence[str] = (),
    around: CurrentState | None = None,
    said: Remark | None = None,
) -> CardView:
    """Return an incident as a card, read at `now` (UTC epoch seconds). `rule` is the policy's for the severity;
    `authors` are those of its suspect commits, as far as they were read; `around` is the present state around it;
    `said` is the newest note of people on it."""
    denied = around is not None and around.denied
    return CardView(
        id=clean(incident.id),
        service=clean(incident.service),
        severity=incident.severity.value,
        headline=headline(incident, around),
        onset_at=incident.onset_at,
        ended_at=ended_at(incident) or incident.closed_at,
        answers_since=around.answers_since if around is not None else None,
        outlook=accepted_now(outlook(incident, now, state=around), incident, service),
        ask=ask_view(incident, service, rule, now, around),
        suspect=suspect_view(incident, service, authors),
        quiet="No notices are sent: it is silenced." if incident.muted else "",
        note=SaidView(said.at, clean(said.by), clean(said.text, NOTE_MAX)) if said is not None else None,
        pages=pages_of(service),
        status_page=clean(status_page(incident)),
        denied=clean(short(incident.suspect_code)) if incident.closed_at is not None and denied else "",
        unproved=incident.closed_at is not None and not incident.proved,
        acknowledged_by=clean(incident.escalation.acknowledged_by or ""),
    )


def for_holder(card: CardView) -> CardView:
    """Return the card as the person who has acknowledged it reads it: its next step is theirs, now."""
    coming = card.outlook
    if not coming.holder:
        return card
    return replace(card, outlook=replace(coming, label="you have it", holder="", heading="Do now"))


def headline(incident: Incident, around: CurrentState | None = None) -> str:
    """Return service and failure, `web is down: HTTP 503`; of a live rollback its target, or that the service still
    fails; of a closed one its end."""
    if incident.closed_at is not None:
        return clean(end_title(incident))
    if (fails := still_fails(incident, around)) is not None:
        return clean(": ".join(fails))
    if situation(incident) is Situation.VERIFYING:
        # Live again with the earlier deploy: "is down" would be the news of before.
        return clean(f"{incident.service}: {way_back(incident).done}")
    symptom = incident.findings[0].symptom if incident.findings else ""
    return clean(f"{happens(incident)}: {symptom or incident.title}")


def urgency(incident: Incident) -> int:
    """Return the rank of an incident among others of its severity; 0 comes first: one answer is all that it needs."""
    found = situation(incident)
    return 0 if found is Situation.QUESTION else 1 + URGENCY.index(TONES[found])


def accepted_now(coming: Outlook, incident: Incident, service: ServiceState | None) -> Outlook:
    """Return the outlook with the commands that the daemon accepts now: of an incident that is over only those that
    clean up, and none while its service is not calm."""
    known = open_incident(service)
    if known is None or known.id != incident.id:
        # Nothing is given back while a suspicion is looked into.
        calm = known is None and service is not None and service.phase is Phase.CALM
        return coming if calm and coming.situation is Situation.CLOSED else replace(coming, commands=(), recommended="")
    return replace(coming, commands=tuple(one for one in coming.commands if one != "undo" or can_undo(known, service)))


def badge(coming: Outlook, now: float) -> str:
    """Return the progress with its countdown: `needs your answer, 3 min left`, or `…, rolls back in 3 min`."""
    if coming.until is None:
        return coming.label
    left, counted = coming.until - now, "rolls back in {}" if coming.rolls_back else COUNTED[coming.situation]
    return f"{coming.label}, {counted.format(show_seconds(left)) if left > 0 else 'due now'}"


def suspect_view(incident: Incident, service: ServiceState | None, authors: Sequence[str] = ()) -> SuspectView | None:
    """Return the deploy that is blamed, with its links; None without one, or if it is not to blame."""
    decision, found = incident.decision, situation(incident)
    blame = decision.blame if decision is not None else None
    suspect = blame.accused if blame is not None else None
    if decision is None or blame is None or suspect is None or found is Situation.NOT_THE_DEPLOY:
        return None
    # The next decision may find another one: what is unlikely by a list that could not be read is no suspect.
    if found is Situation.BLOCKED_FOR_NOW and not suspects(incident):
        return None
    facts = service.facts if service is not None else None
    return SuspectView(
        id=clean(suspect.id),
        code=short(suspect.code),
        message=first_line(suspect),
        author=author_of(service, suspect.id) or clean(", ".join(authors)),
        likely=likely_to_blame(incident),
        live_at=suspect.finished_at if suspect.was_live else None,
        diff=decision_text.diff_link(decision, facts.repo if facts is not None else None),
        page=page_of(service, suspect.id),
    )


def first_line(deploy: Deploy) -> str:
    """Return the first line of a deploy's commit message."""
    return clean(deploy.commit_message.strip().split("\n")[0], limit=MESSAGE_MAX)
