"""What the cards say in each situation: the sentence, the badge, and a button for each command that is accepted."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from html import unescape

import pytest

from tests.cli import examples as x
from tests.console.scene import (
    NOW,
    OPERATOR,
    VIEWER,
    StoryClock,
    Town,
    as_read,
    at_render,
    fill,
    policy_of,
    service_policy,
    service_state,
    visited,
)
from tests.core.incident_fields import amended
from tests.presentation.outlook_cases import CASES, FLAG, HELPED, OFF, PLATFORM, to_blame
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.views.card_views import COUNTED, TONES, URGENCY, author_of, badge, card_view, headline, urgency
from watchdog.console.views.deploy_facts import PagesView
from watchdog.console.views.lifeline import lifeline
from watchdog.domain.decisions import Evidence, Veto
from watchdog.domain.effects import Note
from watchdog.domain.incidents import DeployWatch, Incident, Outcome, Phase, State
from watchdog.domain.policy import DEFAULT_MATRIX
from watchdog.presentation.outlook import outlook
from watchdog.presentation.outlooks.current_state import CurrentState, current_state
from watchdog.presentation.situation import Situation

ASKED = CASES[1][0]
SYMPTOM = replace(x.FINDING, method="run", symptom="HTTP 503")
PHASES = {
    Situation.UNDECIDED: Phase.SUSPECT,
    Situation.QUESTION: Phase.ASKING,
    Situation.ANNOUNCED: Phase.ANNOUNCED,
    Situation.SCHEDULED: Phase.ANNOUNCED,
    Situation.REMEDYING: Phase.REMEDYING,
    Situation.SENDING: Phase.PINNING,
    Situation.REQUESTED: Phase.ROLLING_BACK,
    Situation.DEPLOYING: Phase.DEPLOYING,
    Situation.VERIFYING: Phase.VERIFYING,
    Situation.CLOSED: Phase.CALM,
}
"""The phase of a service in each situation; in all others it is left to people."""


@asynccontextmanager
async def shown(incident: Incident, denied: tuple[str, ...] = (), **changes: object) -> AsyncIterator[Town]:
    """Serve a town in which this is web's incident, to an approver."""
    phase = PHASES.get(outlook(incident, NOW).situation, Phase.PAGED)
    web = service_state("web", phase=phase, incident=incident, **changes)
    state, store = State(services={"web": web}, denied=denied), MemoryStore(StoryClock())
    await fill(store, state, (incident,), ())
    async with visited(policy_of(service_policy("web")), state, store=store) as one:
        yield one


def card_of(text: str) -> str:
    found = re.search(
        r'<(article|div) class="(news )?card .*?</(article|div)>\s*(<article|</div>|<ol|<div id)', text, re.S
    )
    assert found is not None
    return found[0]


def buttons_of(card: str) -> set[str]:
    forms = re.findall(r'<form method="post" action="/(?:incidents/web-1/)?(\w+)"', card)
    return {*forms, *re.findall(r'href="/(?:services/web|incidents/web-1)/(rollback|undo)"', card)}


@pytest.mark.parametrize(("incident", "found", "sentence", "commands"), CASES)
async def test_the_page_and_the_overview_say_the_same_and_offer_what_is_accepted(
    incident: Incident, found: Situation, sentence: str, commands: tuple[str, ...]
) -> None:
    """In every situation, as the API does; an undo alone where its rollback is live."""
    live = {"live": "dep-43"} if found is Situation.DID_NOT_HELP else {}
    async with shown(incident, **live) as one:
        page, overview = await one.page("/incidents/web-1"), await one.page("/")
        told = (await one.json("/incidents/web-1"))["outlook"]
        opened = (await one.json("/services"))["open"]
    phase = PHASES.get(found, Phase.PAGED)
    known = State(services={"web": service_state("web", phase=phase, **live)})
    around = current_state(incident, known, policy_of(service_policy("web")), NOW)
    coming = outlook(incident, NOW, state=around)
    assert (told["situation"], told["sentence"], told["commands"]) == (found.value, coming.sentence, list(commands))
    assert [card["outlook"] for card in opened] == ([] if found is Situation.CLOSED else [told])
    for text in [page] if found is Situation.CLOSED else [page, overview]:
        card = unescape(as_read(card_of(text)))
        plain = card.replace("<code>", "`").replace("</code>", "`")
        assert coming.sentence in plain and coming.task in plain and badge(coming, NOW) in card
        offered = coming.acknowledging if "acknowledge" in commands else ""
        assert coming.besides in plain and offered in plain and ("Acknowledge: " in plain) is bool(offered)
        assert (coming.undoing in plain) is ("undo" in buttons_of(card) or not coming.undoing)
        assert buttons_of(card) == set(commands) and headline(incident) in card
        # Only what does the task is blue.
        assert card.count('"primary"') + card.count('"button primary"') <= (coming.recommended != "")


async def test_a_card_shows_who_has_it_the_newest_note_and_that_the_site_answers_again() -> None:
    """On its page, on the overview and on its service's page alike; the JSON API has the same."""
    incident = amended(x.incident(closed_at=None, verified_at=None), acknowledged_by="ann", acknowledged_at=NOW)
    async with shown(incident) as one:
        await one.store.remark("web-1", "Looking at it.", "ann")
        await one.store.remark("web-1", "The pool is <full>.", "bob")
        for path in ("/incidents/web-1", "/", "/services/web"):
            text = as_read(card_of(await one.page(path)))
            assert "<strong>bob</strong>, " in text and "The pool is &lt;full&gt;." in text and "Looking" not in text
            assert "ann acknowledged it at" in text and "answers again since" in text
            assert "; failed for <strong>47 s</strong> before, since" in text
        card = (await one.json("/incidents/web-1"))["card"]
        assert (card["note"]["by"], card["answers_since"]) == ("bob", incident.rollback.restored_at)


@pytest.mark.parametrize(
    ("found", "stands_out"),
    [
        (Situation.QUESTION, ["Approve: roll back to dep-40"]),
        (Situation.NOT_THE_DEPLOY, ["Open web on Render"]),
        (Situation.NEEDS_A_PERSON, ["Roll back web …"]),
        *((found, []) for found in (Situation.ANNOUNCED, Situation.NO_ACTION, Situation.CLOSED)),
    ],
)
async def test_only_the_button_that_the_task_asks_for_stands_out(found: Situation, stands_out: list[str]) -> None:
    """A link to Render, too; to acknowledge, or to answer otherwise, is grey; and none where another person has it."""
    for by in ("ann", None):
        async with shown(amended(of(found), acknowledged_by=by), facts=at_render(service_state("web")).facts) as one:
            card = card_of(await one.page("/incidents/web-1"))
        theirs = by is not None and found in (Situation.NOT_THE_DEPLOY, Situation.NEEDS_A_PERSON)
        assert re.findall(r'class="(?:button )?primary"[^>]*>([^<]+)<', card) == ([] if theirs else stands_out)
    assert all(f' href="https://dashboard.render.com/web/of-srv-web{place}" ' in card for place in ("", "/logs"))


async def test_a_role_sees_why_it_may_not() -> None:
    """Each command that it lacks is named with the role that has it; the others have their button."""
    async with shown(ASKED) as one:
        for token, may, lacks in ((OPERATOR, {"reject", "acknowledge"}, 1), (VIEWER, set(), 3)):
            one.client.cookies.clear()
            await one.login(token)
            for path in ("/", "/incidents/web-1"):
                card = card_of(await one.page(path))
                assert buttons_of(card) == may and card.count("needs the role") == lacks


async def test_the_evidence_at_the_decision_stands_beside_what_is_read_now() -> None:
    """While the incident is open; afterwards the readings are about another time."""
    async with shown(ASKED) as one:
        rows = {row["signal"]: row["now"] for row in (await one.json("/incidents/web-1"))["evidence"]}
        assert rows["home"]["verdict"] == "good" and rows["home"]["at"] == NOW - 3 and rows["control"] is None
        assert '<th scope="col">Now</th>' in await one.page("/incidents/web-1")
    async with shown(x.incident()) as one:
        assert '<th scope="col">Now</th>' not in await one.page("/incidents/web-1")


def test_each_situation_has_a_colour_and_each_known_time_a_countdown() -> None:
    """A new situation fails here until it has both."""
    assert set(TONES) == set(Situation)
    timed = {found for incident, found, *_ in CASES if outlook(incident, NOW).until is not None}
    assert timed == set(COUNTED)


@pytest.mark.parametrize(
    ("number", "now", "says"),
    [
        (1, NOW, "needs your answer, 3 min left"),
        (1, NOW + 1000, "needs your answer, due now"),
        (2, NOW, "needs your answer, rolls back in 3 min"),
        (4, NOW, "rollback announced, sent in 60 s"),
        (7, NOW, "trying a remedy"),
        (10, NOW, "rolling back"),
    ],
)
def test_the_badge_counts_down(number: int, now: float, says: str) -> None:
    """To the moment that the outlook names; without one it has none."""
    assert badge(outlook(CASES[number][0], now), now) == says


def test_what_needs_a_person_comes_before_what_is_only_being_decided() -> None:
    """A question, one that did not help, an announcement, a rollback under way, undecided."""
    ranks = {found: urgency(incident) for incident, found, _, _ in CASES}
    order = [Situation.BLOCKED, Situation.ANNOUNCED, Situation.SENDING, Situation.UNDECIDED, Situation.CLOSED]
    assert [ranks[one] for one in (Situation.QUESTION, *order)] == list(range(1 + len(URGENCY)))
    assert ranks[Situation.DID_NOT_HELP] == ranks[Situation.BLOCKED]


def test_the_headline_is_news() -> None:
    """Service and failure while it lasts, the target once that is live, then the end; without a symptom the title."""
    opened = replace(ASKED, findings=(SYMPTOM,))
    assert headline(opened) == "web is down: HTTP 503"
    assert headline(replace(opened, findings=(replace(SYMPTOM, symptom=""),))) == "web is down: HTTP 503 on home"
    live = x.incident(closed_at=None, verified_at=None)
    assert headline(live) == "web: rolled back to 1b7e0d4"
    fails = CurrentState(readings=(Evidence("home", "bad", "HTTP 503"),))
    assert headline(live, fails) == "web still fails: HTTP 503"
    assert headline(x.incident(), fails) == headline(x.incident())
    assert headline(replace(x.incident(), findings=(SYMPTOM,))) == "web is back after 47 s: rolled back to 1b7e0d4"


@pytest.mark.parametrize(
    ("incident", "denied", "first"),
    [
        (x.incident(), (x.BAD.commit,), "Open the diff to fix"),
        (to_blame(PLATFORM), (), "Open the status page"),
    ],
)
async def test_what_the_step_names_first_has_the_first_button(
    incident: Incident, denied: tuple[str, ...], first: str
) -> None:
    """The fix before the switch, and the platform's trouble before a look at the service."""
    async with shown(incident, denied, auto_deploy_off="commit", pinned_for="web-1") as one:
        card = unescape(card_of(await one.page("/incidents/web-1")))
    choices = card[card.index('class="choices"') :]
    assert re.findall(r">([^<>\n]+)</(?:a|button)>", choices)[0] == first
    # What a closed one left on the deny-list can be trusted where that is read.
    assert ('name="commit" value="9f3c2ab">Trust 9f3c2ab<' in choices) is bool(denied)


def test_the_suspect_has_its_author_and_its_links() -> None:
    """The author of its watch window, else of the repository; a deploy that is not to blame is no suspect."""
    watched = DeployWatch("dep-42", x.BEGIN, NOW, NOW, authors=("ann", "bob"))
    service = at_render(service_state("web", trial=watched))
    rule = DEFAULT_MATRIX[ASKED.severity]
    suspect = card_view(ASKED, service, rule, NOW, ("eve",)).suspect
    assert suspect is not None
    assert (suspect.id, suspect.code, suspect.message, suspect.author, suspect.likely) == (
        "dep-42", "9f3c2ab", "Refactor sessions", "ann, bob", "99 % likely to blame",
    )  # fmt: skip
    pages = card_view(ASKED, service, rule, NOW).pages
    assert pages == PagesView(
        "https://dashboard.render.com/web/of-srv-web", "https://dashboard.render.com/web/of-srv-web/logs"
    )
    assert suspect.page == "https://dashboard.render.com/web/of-srv-web/deploys/dep-42" and "compare" in suspect.diff
    read = card_view(ASKED, replace(service, trial=None), rule, NOW, ("eve",)).suspect
    assert read is not None and read.author == "eve"
    acquitted = next(incident for incident, found, *_ in CASES if found is Situation.NOT_THE_DEPLOY)
    unread = Veto("deploy list", True, "the list is 2 min old")
    unlikely, likely = (to_blame(x.blame(probability=each, vetoes=(unread,))) for each in (0.01, 0.9))
    shown_of = [card_view(one, service, rule, NOW).suspect for one in (acquitted, unlikely, likely)]
    assert shown_of[:2] == [None, None] and shown_of[2] is not None
    # Live without it, the service may fail all the same: what was weighed before is no claim of now.
    for incident, says in ((of(Situation.DID_NOT_HELP), "was 99 % likely to blame before the rollback"),
                           (x.incident(), "99 % likely to blame")):  # fmt: skip
        left = card_view(incident, service, rule, NOW).suspect
        assert left is not None and left.likely == says
    assert author_of(service, "dep-40") == "" == author_of(None, "dep-42")


@pytest.mark.parametrize(
    ("phase", "offered"), [(Phase.CALM, ("restore-auto-deploy",)), (Phase.SUSPECT, ()), (Phase.PAGED, ())]
)
def test_a_closed_incident_offers_auto_deploy_where_it_would_be_given_back(
    phase: Phase, offered: tuple[str, ...]
) -> None:
    """Not while a suspicion is looked into, nor beside an incident: the daemon refuses it then."""
    service = service_state("web", phase=phase)
    rule = DEFAULT_MATRIX[x.incident().severity]
    assert card_view(x.incident(), service, rule, NOW, around=CurrentState("commit")).outlook.commands == offered


def of(wanted: Situation) -> Incident:
    return next(incident for incident, found, *_ in CASES if found is wanted)


def steps(incident: Incident) -> str:
    """Return a lifeline in one line: `began confirmed decided* sent live verified`; `*` next, `.` open, `!` missed."""
    marks = {"done": "", "next": "*", "open": "."}
    return " ".join(f"{one.name}{marks.get(one.state, '!' + one.note)}" for one in lifeline(incident, SAID))


SAID = [Note(NOW, "web", "web-1", one, "by ann") for one in ("STOPPED", "REJECTED")]
LEFT = {"tried": True, "human_needed": "the platform refused"}


@pytest.mark.parametrize(
    ("incident", "line"),
    [
        (ASKED, "began confirmed decided your answer* sent. live. verified."),
        (amended(ASKED, approved_by="ann", approved_at=NOW), "began confirmed decided approved sent* live. verified."),
        (x.undone(x.decision()), "began confirmed decided sent* live. verified."),
        (x.undone(x.decision(), requested_at=NOW, tried=True), "began confirmed decided sent live* verified."),
        (x.undone(x.decision(), remedies=(FLAG,)), "began confirmed decided sent* live. verified."),
        (x.undone(x.decision(), remedies=(OFF,)), "began confirmed decided flag off sent* live. verified."),
        (
            x.undone(x.decision(), remedies=(HELPED,), closed_at=NOW, outcome=Outcome.REMEDIED),
            "began confirmed decided flag off verified",
        ),
        (x.incident(closed_at=None, verified_at=None), "began confirmed decided sent live verified*"),
        (x.incident(), "began confirmed decided sent live verified"),
        (of(Situation.BLOCKED_FOR_NOW), "began confirmed decided unblocked* sent. live. verified."),
        (of(Situation.ASKS_LATER), "began confirmed decided asks you* sent. live. verified."),
        (of(Situation.BLOCKED), "began confirmed decided recovered."),
        (of(Situation.REJECTED), "began confirmed decided rejected recovered."),
        (of(Situation.STOPPED), "began confirmed decided stopped recovered."),
        (amended(of(Situation.STOPPED), closed_at=NOW, outcome="recovered"), "began confirmed decided stopped closed"),
        (of(Situation.DID_NOT_HELP), "began confirmed decided sent live verified!not proved"),
        (x.undone(x.decision(), requested_at=NOW, **LEFT), "began confirmed decided sent live!not known recovered."),
        (
            x.undone(x.decision(), requested_at=NOW, refused_at=NOW, **LEFT),
            "began confirmed decided sent live!refused recovered.",
        ),
        (x.undone(x.decision(), **LEFT), "began confirmed decided sent!not sent recovered."),
        (x.undone(None), "began confirmed decided* sent. live. verified."),  # type: ignore[arg-type]
    ],
)
def test_the_lifeline_shows_the_way_so_far_and_the_next_step(incident: Incident, line: str) -> None:
    """Steps of a rollback only where there is, or may be, one; nothing stays open in what is over."""
    assert steps(incident) == line


async def test_what_closed_without_a_proof_was_open_and_what_a_rollback_ended_lasted() -> None:
    """A minute of good checks, and more, lies before its end: only since when a rollback is live is known."""
    for incident, words in ((x.incident(), "lasted"), (amended(of(Situation.STOPPED), closed_at=NOW), "was open for")):
        async with shown(incident) as one:
            assert f"{words} <strong>" in await one.page(f"/incidents/{incident.id}")
