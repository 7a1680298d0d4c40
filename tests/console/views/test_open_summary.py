"""Who acts in the open incidents, above their cards."""

from dataclasses import replace

import pytest

from tests.console.scene import NOW, TOKEN, as_read, policy_of, service_policy, service_state, town, visited
from tests.core.incident_fields import amended
from tests.presentation.outlook_cases import CASES
from watchdog.console.auth.roles import Role, Visitor
from watchdog.console.render.rendering import Renderer
from watchdog.console.routes.pages import CARDS_MAX, overview_values
from watchdog.console.views.card_views import card_view
from watchdog.console.views.open_summary import NAMED_MAX, UNTIL, happens, parts
from watchdog.console.views.view_models import Overview
from watchdog.domain.incidents import Incident, Phase, State
from watchdog.domain.policy import DEFAULT_MATRIX, Then
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.situation import Situation

PAUSED = CurrentState(stopped="paused by ann")
EACH = {found: one for one, found, *_ in reversed(CASES) if one.escalation.acknowledged_by is None}
DAEMON = {
    *(Situation.ANNOUNCED, Situation.SCHEDULED, Situation.SENDING, Situation.REQUESTED),
    *(Situation.DEPLOYING, Situation.VERIFYING, Situation.REMEDYING),
}


def _acting(later: float = 0.0) -> Incident:
    """Return a question that a rollback answers, `later` seconds after the usual one."""
    question = EACH[Situation.QUESTION].question
    assert question.deadline is not None and question.deadline.due_at is not None
    deadline = replace(question.deadline, then=Then.ROLLBACK, due_at=question.deadline.due_at + later)
    return replace(EACH[Situation.QUESTION], question=replace(question, deadline=deadline))


def test_each_situation_is_counted_as_its_card_reads() -> None:
    """Nothing left out, nothing twice; a card that says what to do now needs a person, unless the daemon acts."""
    cards = [card_view(one, None, DEFAULT_MATRIX[one.severity], NOW) for one in EACH.values()]
    cards = [one for one in cards if one.outlook.situation is not Situation.CLOSED]
    said = parts(cards, NOW)
    needing = [one for one in cards if one.outlook.task and one.outlook.situation not in DAEMON]
    quiet = {Situation.UNDECIDED, Situation.NO_ACTION}
    assert [(part.number, part.words) for part in said] == [
        (len(needing), "need you"),
        (len(DAEMON), "the daemon is handling"),
        (len(quiet), "ask nothing of you"),
    ]
    assert {one.outlook.situation for one in said[2].named} == quiet
    assert [len(part.named) + len(part.others) for part in said] == [len(needing), len(DAEMON), len(quiet)]
    assert len(said[0].named) == NAMED_MAX and parts(cards[:1], NOW) == parts([], NOW) == ()
    assert [part.words for part in parts([needing[0], said[2].named[0]], NOW)] == ["needs you", "asks nothing of you"]
    wanted = (Situation.NOT_DONE, Situation.REJECTED, Situation.QUESTION)
    taken = [amended(EACH[one], acknowledged_by="ann") for one in wanted]
    (all_of_them,) = parts([card_view(one, None, DEFAULT_MATRIX[one.severity], NOW) for one in taken], NOW)
    assert (all_of_them.number, all_of_them.words) == (3, "acknowledged")
    acting = amended(_acting(), acknowledged_by="ann")
    both = parts([card_view(one, None, DEFAULT_MATRIX[one.severity], NOW) for one in (taken[0], acting)], NOW)
    assert [part.words for part in both] == ["needs you", "acknowledged"], "without an answer it rolls back"
    coming = EACH[Situation.ANNOUNCED]
    web = service_state("web", phase=Phase.ANNOUNCED, incident=coming)
    two = parts([card_view(coming, web, DEFAULT_MATRIX[coming.severity], NOW, around=PAUSED)] * 2, NOW)
    assert [part.words for part in two] == ["need you"], "a paused daemon handles nothing"


def test_the_soonest_deadline_of_each_part_is_named() -> None:
    """By what happens then, of all its incidents; what is past is no deadline."""
    cards = [card_view(one, None, DEFAULT_MATRIX[one.severity], NOW) for one in EACH.values()]
    assert set(UNTIL) == {one.outlook.situation for one in cards if one.outlook.until is not None}

    def soonest(now: float) -> list[list[tuple[str, float | None]]]:
        return [[(happens(one), one.outlook.until) for one in part.due] for part in parts(cards, now)]

    asked = EACH[Situation.QUESTION].question.deadline
    assert asked is not None and asked.due_at is not None
    assert soonest(NOW)[:2] == [
        [("asks you until", asked.due_at)],
        [("rolls back at", EACH[Situation.ANNOUNCED].announced_until)],
    ]
    assert soonest(asked.due_at)[0][0][0] == "asks again at" and soonest(NOW + 9e9) == [[]] * 3


@pytest.mark.parametrize(("later", "named"), [(0.0, ["api"]), (-5.0, ["api"]), (5.0, ["api", "web"])])
def test_what_acts_by_itself_is_named_before_what_only_asks(later: float, named: list[str]) -> None:
    """Also if both come at once; what asks sooner is named, too."""
    both = (EACH[Situation.QUESTION], replace(_acting(later), id="api-1", service="api"))
    (part,) = parts([card_view(one, None, DEFAULT_MATRIX[one.severity], NOW) for one in both], NOW)
    assert [one.service for one in part.due] == named
    assert happens(part.due[0]) == "rolls back, unless you answer, at"


async def test_the_overview_leads_to_the_cards() -> None:
    names = dict.fromkeys(("web", "api", "shop", "cart", "blog", "maps", "wiki"), Situation.QUESTION)
    names["docs"] = Situation.DEPLOYING
    found = {name: replace(EACH[wanted], id=f"{name}-1", service=name) for name, wanted in names.items()}
    services = {name: service_state(name, phase=Phase.PAGED, incident=one) for name, one in found.items()}
    async with visited(policy_of(*map(service_policy, names)), State(services=services)) as one:
        text = as_read(await one.page("/"))
    line = text.partition('<ul class="acting-now"')[2].partition("</ul>")[0]
    assert "<strong>7 need you</strong>: " in line and "<strong>1 the daemon is handling</strong>: " in line
    last = line.partition(' and <a href="#card-')[2]
    assert last.startswith('maps-1">2 more</a>. <strong>web</strong> asks you until 02:19 UTC.')
    # Of many the most urgent ones have a card, the others a row; what the daemon does comes last.
    assert text.count("<article") == CARDS_MAX and text.count('<li id="card-') == len(names) - CARDS_MAX
    assert text.index('id="card-docs-1"') > text.index('class="rest"')
    rest = text.partition('class="rest"')[2]
    assert "Look and answer" in rest and "/approve" not in rest.partition("</ul>")[0], "asked without the evidence"
    for name in names:
        assert f'<a href="#card-{name}-1">{name}</a>' in line or name in ("maps", "wiki")
        assert f'id="card-{name}-1"' in text


def test_a_row_of_many_says_that_its_service_answers_again() -> None:
    """As its card does: how long it fails would go on counting."""
    live = EACH[Situation.VERIFYING]
    card = card_view(live, None, DEFAULT_MATRIX[live.severity], NOW)
    again = replace(card, id="web-9", answers_since=NOW - 20.0)
    view = Overview(NOW, (), (), False, open=(*[card] * (CARDS_MAX + 1), again))
    given = {"path": "/", "me": Visitor(Role.VIEWER, "Ann"), "answer": None, **overview_values(view, None, None)}
    rows = Renderer("1").body("overview.html", given).decode().partition('class="rest"')[2].split("<li")[1:]
    assert ["answers again since" in row for row in rows] == [False, True]


async def test_who_has_acknowledged_an_incident_reads_that_it_is_theirs() -> None:
    """By way and name, whatever their role was: to each other reader it is that person's."""
    held = amended(EACH[Situation.NOT_DONE], acknowledged_by="token:ann (operator)")
    state = State(services={"web": service_state("web", phase=Phase.PAGED, incident=held)})
    policy = policy_of(service_policy("web"))
    read = {}
    for name in ("ann", "bob", ""):
        async with town(policy, state) as one:
            await one.client.post("/login", data={"token": TOKEN, "name": name})
            read[name] = [as_read(await one.page(path)) for path in ("/", f"/incidents/{held.id}")]
    for mine, other, nameless in zip(*(read[name] for name in ("ann", "bob", "")), strict=True):
        assert "you have it</span>" in mine and "<strong>Do now:</strong>" in mine and 'class="badge needs"' in mine
        for page in (other, nameless):
            assert "For token:ann" in page and "you have it" not in page and 'class="badge quiet"' in page
