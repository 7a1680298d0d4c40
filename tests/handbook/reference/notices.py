"""Every notice: what it means, and what to do.

A new topic, kind or integration fails here until its row is written.
"""

from collections.abc import Mapping

from tests.handbook.reference.markdown import code, first_upper, page, table
from watchdog.docs.places import NOTICES
from watchdog.domain.integrations import CURES, KINDS, REFUSED_SECONDS, Standing
from watchdog.domain.notices import NoticeKind, Topic

ABOUT = """\
Each notice begins with the service and its trouble, then says what is being done, then what is left to you. This page
lists the notices that the daemon can send, but for those to [stakeholders](../on-call.md#stakeholders); `watchdog
explain INCIDENT` shows the whole story of an incident."""
KIND: Mapping[NoticeKind, str] = {
    NoticeKind.OPENED: "An incident was opened. No rollback is asked for or made yet",
    NoticeKind.ASKED: "A rollback needs an approval",
    NoticeKind.ANNOUNCED: "A rollback follows by itself after the veto time, or at the beginning of a window",
    NoticeKind.ACTED: "The daemon changes production: it rolls back",
    NoticeKind.UPDATED: "News of an incident, or of the watchdog itself",
    NoticeKind.HUMAN_NEEDED: "The daemon does not go on by itself; the on-call engineer has to",
    NoticeKind.RESOLVED: "It is over; a pager closes its incident",
    NoticeKind.SELF_ALERT: "Trouble of the watchdog itself, not of a service",
    NoticeKind.TEST: "`watchdog channel test`; nothing is wrong",
}
TOPICS: Mapping[Topic, tuple[str, str]] = {
    Topic.FOUND: (
        "A failure was confirmed, and the policy says to notify",
        "Open the incident: `watchdog explain INCIDENT`",
    ),
    Topic.LEFT_TO_HUMAN: (
        "A failure was confirmed. The daemon does not roll back; the notice says which reason holds it back",
        "`watchdog incident ack INCIDENT`, then mend the cause, or roll back: `watchdog rollback SERVICE` "
        "(mode `observe`: in Render's dashboard)",
    ),
    Topic.UNMUTED: (
        "A silence ended, or does not cover what fails now, and the incident is still open",
        "As for a new incident: `watchdog incident ack INCIDENT`",
    ),
    Topic.FLAPPING: (
        "The service failed and recovered too often within an hour (`brakes.flaps_max`)",
        "Find the cause; until it has been calm for `brakes.flaps_calm`, each rollback needs an approval",
    ),
    Topic.ANNOUNCED: (
        "The service is rolled back at the time in the title (`veto`)",
        "Nothing, or `watchdog incident stop INCIDENT` to prevent it",
    ),
    Topic.SCHEDULED: (
        "An approved rollback waits for its window (`do: schedule`)",
        "Nothing; `watchdog incident approve INCIDENT` again means now, `watchdog incident stop INCIDENT` prevents it",
    ),
    Topic.ASKED: (
        "A rollback needs an approval; the notice says until when and why",
        "`watchdog incident approve INCIDENT` or `watchdog incident reject INCIDENT`, or a button in Slack or console",
    ),
    Topic.REMINDED: ("The approval is still missing (`remind`)", "Answer it, as above"),
    Topic.UNANSWERED: (
        "The approval was not given in time (`within`), and `then` does not allow a rollback by default",
        "Answer it, or `watchdog incident ack INCIDENT` and mend the cause",
    ),
    Topic.ACKNOWLEDGED: (
        "A person acknowledged the incident: no other contact is called for `ack_holds`",
        "Nothing; a question that was asked stays open",
    ),
    Topic.ESCALATED: (
        "The incident was not acknowledged in time; the next contact of `escalation`, or everyone again, is called",
        "`watchdog incident ack INCIDENT`, then as the incident says",
    ),
    Topic.STILL_OPEN: (
        "It was acknowledged `ack_holds` ago, and is still open; or no worker watched it for so long that it may have "
        "ended (a restored store, too, may lack its end), and it fails; everyone is called again, with the step that "
        "was due",
        "Ask the person who acknowledged it, or take it over: `watchdog incident ack INCIDENT`",
    ),
    Topic.OVERDUE: (
        "A rollback that is decided could not be sent for a minute; the daemon still tries",
        "Look at Render's status and at `watchdog status`; roll back in Render's dashboard if it stays so",
    ),
    Topic.FLAG_OFF: (
        "A feature flag was switched off before a rollback (`remedies`); it is awaited whether that helps",
        "Nothing; stop it (`watchdog incident stop INCIDENT`) if no rollback may follow",
    ),
    Topic.REMEDY_DONE: (
        "Another remedy was done before a rollback (`remedies`): a restart, a scaling, or the call of a webhook; "
        "it is awaited whether that helps",
        "Nothing; stop it (`watchdog incident stop INCIDENT`) if no rollback may follow",
    ),
    Topic.ROLLING_BACK: (
        "The rollback was requested from Render",
        "Nothing; merge nothing until it is verified, if the notice says so",
    ),
    Topic.STOPPED_SHORT: (
        "The rollback was refused, failed, or did not bring the service back",
        "`watchdog incident ack INCIDENT`, then mend it by hand; the daemon does not act again in this incident",
    ),
    Topic.NOT_LIVE_YET: (
        "Render accepted the rollback, and it is not live after `advanced.verification.late`",
        "Look at that deploy in Render's dashboard",
    ),
    Topic.AUTO_DEPLOY_ON_AGAIN: (
        "Auto-deploy was switched on while the incident is open: a merge may undo the rollback",
        "Merge nothing; find what switched it on (a Blueprint sync, a colleague)",
    ),
    Topic.AUTO_DEPLOY_NOT_OFF: ("Auto-deploy could not be switched off again", "Switch it off in Render's dashboard"),
    Topic.AUTO_DEPLOY_NOT_RESTORED: (
        "Auto-deploy is off because of a rollback, and could not be given back",
        "`watchdog service restore-auto-deploy SERVICE`, or switch it on in Render's dashboard",
    ),
    Topic.RETURNED: (
        "A commit that was rolled back here is deployed again",
        "`watchdog rollback SERVICE` (mode `observe`: in Render's dashboard) if it is still bad, "
        "`watchdog commit trust COMMIT` if it is good now",
    ),
    Topic.CLOSED: (
        "The incident is over; the notice says how it ended, and what is left to do",
        "The tasks that it lists: `watchdog incident checklist INCIDENT`",
    ),
}
FOUND = "decisions"
OFF = (Topic.AUTO_DEPLOY_ON_AGAIN, Topic.AUTO_DEPLOY_NOT_OFF)
TOPICS_OF: Mapping[str, tuple[Topic, ...]] = {
    "on-call#silences": (Topic.UNMUTED,),
    "decisions#does-anything-forbid-it": (Topic.FLAPPING, Topic.LEFT_TO_HUMAN),
    "on-call#approvals": (Topic.ANNOUNCED, Topic.SCHEDULED, Topic.ASKED, Topic.REMINDED, Topic.UNANSWERED),
    "on-call#acknowledge-and-escalate": (Topic.ACKNOWLEDGED, Topic.ESCALATED, Topic.STILL_OPEN),
    "decisions#how-is-it-done": (Topic.OVERDUE, Topic.ROLLING_BACK, Topic.STOPPED_SHORT, Topic.NOT_LIVE_YET, *OFF),
    "after-an-incident#auto-deploy": (Topic.AUTO_DEPLOY_NOT_RESTORED,),
    "after-an-incident": (Topic.RETURNED,),
    "after-an-incident#post-mortem-and-checklist": (Topic.CLOSED,),
}
TOPIC_PLACES = {topic: place for place, topics in TOPICS_OF.items() for topic in topics}
"""The handbook's place of a notice; FOUND where none is named."""
RESTORE = "`watchdog service restore-auto-deploy SERVICE`"
OF_SERVICE: tuple[tuple[str, str, str, str], ...] = (
    (
        "Auto-deploy is off",
        "It is off because of a rollback whose incident is over; or it is off and the record does not say why (a "
        "restored store, or a person switched it while no worker looked)",
        f"{RESTORE} once the fix is in; where the record lacks it, in Render's dashboard, unless it is off on purpose",
        "after-an-incident#auto-deploy",
    ),
    (
        "Auto-deploy can be given back",
        "It is off because of a rollback, and a new commit that a person deployed is live",
        RESTORE,
        "after-an-incident#auto-deploy",
    ),
    (
        "Merges not shipped",
        "Commits were merged while auto-deploy is off because of a rollback",
        f"Deploy the branch in Render's dashboard, then {RESTORE}",
        "integrations#github",
    ),
    (
        "Merges cannot be seen",
        "Auto-deploy is off because of a rollback, and the branch cannot be read: merges that do not ship are "
        "not reported",
        f"Look at the branch; {RESTORE} once the fix is in",
        "integrations#github",
    ),
    (
        "The record lacks a rollback",
        "Render lists a rollback that the store does not have: the store is a restored copy, or a person rolled back "
        "while no worker looked. The code that it left is on the deny-list",
        "`watchdog commit trust COMMIT` if that code is good",
        "guarantees#what-remains",
    ),
    (
        "Renew a certificate",
        "The certificate of a host ends soon (`certificate:`, and again three days before); nothing is rolled back for "
        "it",
        "Renew it where it is made: in Render's dashboard (Custom Domains), or at the proxy in front of Render",
        "probes#the-end-of-a-certificate",
    ),
)
"""Notices about a service without an open incident; that of a bad commit that returned has the words of its topic."""
OWN: Mapping[str, tuple[str, str, str]] = {
    "blind": (
        "blind",
        "All control targets fail, or no probe brings evidence: the daemon's own network is the likely cause. "
        "Nothing is judged and nothing is rolled back",
        "Look at the network and the load of the host that runs the watchdog, and at `control:`",
    ),
    "disarmed": (
        "disarmed",
        "A step would have violated an invariant: it was discarded, and all actions are disabled",
        "Read `watchdog status`, look at Render, report the notice; then `watchdog resume`",
    ),
    "record": (
        "runs without its store",
        "The store does not answer: the daemon watches and notifies from memory, and changes nothing. While a save "
        "does not return, it judges nothing either",
        "Look at the database, or at the disk; the daemon retries it",
    ),
    "upgrade": (
        "the past decided again",
        "After an upgrade of the watchdog, recorded events were decided again. The notice says which decisions "
        "differ, that none does, or why the replay failed",
        "Nothing if none differs; else `watchdog lab replay --since-upgrade` shows them; "
        "[how it works](../operation.md#an-upgrade-of-the-watchdog-itself)",
    ),
    "silences": (
        "a silence, a hold or a downtime",
        "A silence or hold that a person made ran out; or a service that was suspended or in maintenance mode is "
        "back, or has been away for a day",
        "Nothing, unless it was forgotten; `watchdog service silences` lists what is in force",
    ),
    "digest": (
        "weekly digest",
        "The past week: probes, deploys, incidents, rollbacks (`digest:`)",
        "Nothing; judge the rollbacks that it names: `watchdog incident label INCIDENT right`",
    ),
    "good news": ("a deploy is well", "A deploy ended its watch window without a failure (`good_news:`)", "Nothing"),
    "announcement": (
        "an announcement",
        "A person announced a problem or maintenance on a public status page, or updated that (`announcements:`)",
        "Nothing; `watchdog announcement update` adds to it",
    ),
    "follow-ups": (
        "follow-ups are overdue",
        "Tasks that an incident left to people are past their time (`follow_ups: {remind: true}`)",
        "Do them, then `watchdog incident tick INCIDENT ITEM`",
    ),
    "drill": (
        "a drill is overdue",
        "The last drill of a staging service is longer ago than `drill.every`, or there was none; sent once until the "
        "next, to the channels of low severity (where it notifies none, of medium), without a page",
        "The command that it names: `watchdog drill SERVICE`",
    ),
}
"""Notices that are about no incident, by the condition of `Notice.incident`; integrations have a table of their own."""
OWN_PLACES: Mapping[str, str] = {
    **NOTICES,
    "digest": "on-call#good-news-and-the-weekly-digest",
    "good news": "on-call#good-news-and-the-weekly-digest",
    "announcement": "console#announcements",
    "follow-ups": "after-an-incident#post-mortem-and-checklist",
    "drill": "on-call#drills",
}


def text() -> str:
    kinds = [(code(one.value), KIND[one]) for one in NoticeKind]
    topics = [(first_upper(one.value), *TOPICS[one], linked(TOPIC_PLACES.get(one, FOUND))) for one in Topic]
    own = [(first_upper(name), *rest, linked(OWN_PLACES[key])) for key, (name, *rest) in OWN.items()]
    return page(
        "Reference: notices",
        ABOUT,
        "tests/handbook/reference/notices.py and the tables of the daemon",
        "## Kinds\n\nThe same word stands in the log and in the webhook's JSON.",
        table(("Kind", "Meaning"), kinds),
        "## Notices about an incident",
        table(("Notice", "Meaning", "What to do", "Page"), topics),
        "## Notices about a service without an incident\n\nNo silence applies to them, but for a certificate's, which "
        "comes once the silence is over. Each is an alert of its own, and its end is notified.",
        table(("Notice", "Meaning", "What to do", "Page"), [(*words, linked(place)) for *words, place in OF_SERVICE]),
        "## Notices about the watchdog itself",
        "The last line of such a notice names its page.",
        table(("Notice", "Meaning", "What to do", "Page"), own),
        "## Integrations\n\nEverything the watchdog relies on. One notice comes when a failure has lasted, one when it "
        f"is over; a refusal (state *refused*) is notified after {REFUSED_SECONDS:.0f} s at the latest, and a store "
        "that does not answer at a start at once. `watchdog status` shows the current state. *Pages* says whether "
        "people are woken.",
        table(("Integration", "While it does not work", "Notice after", "Pages", "What to do"), integrations()),
        "Where the table has no other answer:",
        table(("State", "What to do"), [(first_upper(one.value), first_upper(cure)) for one, cure in CURES.items()]),
        "## Alerts for Prometheus\n\nWhat the watchdog cannot say itself, as that it is gone, a Prometheus says: "
        "[alerts](reference-alerts.md).",
    )


def linked(place: str) -> str:
    """Return a link to a place of the handbook, named by its page."""
    name, _, anchor = place.partition("#")
    return f"[{name}]({'' if name.startswith('reference-') else '../'}{name}.md{f'#{anchor}' if anchor else ''})"


def integrations() -> list[tuple[str, ...]]:
    return [
        (
            code(name),
            first_upper(kind.consequence.format(name="it", parts="its services")),
            f"{kind.patience_seconds:.0f} s" if kind.patience_seconds else "at once",
            "yes" if kind.wakes else "no",
            "<br>".join(first_upper(cure) for cure in kind.cures.values()) or "–",
        )
        for name, kind in KINDS.items()
    ]


assert set(KIND) == set(NoticeKind) and set(TOPICS) == set(Topic) and set(CURES) <= set(Standing)
