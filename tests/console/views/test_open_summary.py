"""Who acts in the open incidents, above their cards."""

from dataclasses import replace

from tests.console.scene import NOW, as_read, policy_of, service_policy, service_state, visited
from tests.presentation.test_outlook import CASES
from watchdog.console.views.card_views import card_view
from watchdog.console.views.open_summary import NAMED_MAX, parts
from watchdog.domain.incidents import Phase, State
from watchdog.domain.policy import DEFAULT_MATRIX
from watchdog.presentation.situation import Situation

EACH = {situation: incident for incident, situation, *_ in reversed(CASES)}
DAEMON = {
    *(Situation.ANNOUNCED, Situation.SCHEDULED, Situation.SENDING, Situation.REQUESTED),
    *(Situation.DEPLOYING, Situation.VERIFYING),
}


def test_each_situation_is_counted_as_its_card_reads() -> None:
    """Nothing left out, nothing twice; a card that says what to do now needs a person, unless the daemon acts."""
    cards = [card_view(one, None, DEFAULT_MATRIX[one.severity], NOW) for one in EACH.values()]
    cards = [one for one in cards if one.outlook.situation is not Situation.CLOSED]
    said = parts(cards)
    needing = [one for one in cards if one.outlook.task and one.outlook.situation not in DAEMON]
    quiet = {Situation.UNDECIDED, Situation.NO_ACTION}
    assert [(part.number, part.words) for part in said] == [
        (len(needing), "need you"),
        (len(DAEMON), "the daemon is handling"),
        (len(quiet), "ask nothing of you"),
    ]
    assert {one.outlook.situation for one in said[2].named} == quiet
    assert [len(part.named) + part.more for part in said] == [len(needing), len(DAEMON), len(quiet)]
    assert len(said[0].named) == NAMED_MAX and parts(cards[:1]) == parts([]) == ()
    assert [part.words for part in parts([needing[0], said[2].named[0]])] == ["needs you", "asks nothing of you"]


async def test_the_overview_leads_to_the_cards() -> None:
    names = {"web": Situation.QUESTION, "api": Situation.OBSERVED, "docs": Situation.DEPLOYING}
    found = {name: replace(EACH[wanted], id=f"{name}-1", service=name) for name, wanted in names.items()}
    services = {name: service_state(name, phase=Phase.PAGED, incident=one) for name, one in found.items()}
    async with visited(policy_of(*map(service_policy, names)), State(services=services)) as one:
        text = as_read(await one.page("/"))
    line = text.partition('<ul class="acting-now"')[2].partition("</ul>")[0]
    assert "<strong>2 need you</strong>: " in line and "<strong>1 the daemon is handling</strong>: " in line
    for name in names:
        assert f'<a href="#card-{name}-1">{name}</a>' in line and f'id="card-{name}-1"' in text
