"""An open incident in each situation, each of a service of its own: what its page looks like in each step."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.cli import examples as x
from tests.console.scene import NOW, day_of, fill, policy_of, service_policy, service_state
from tests.presentation.test_outlook import CASES
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Incident, Phase, State
from watchdog.domain.policy import Mode, Policy
from watchdog.domain.readings import Bad, Good
from watchdog.ports import Clock
from watchdog.presentation.situation import Situation

SERVICES = (
    *("web", "api", "checkout", "search", "images", "docs", "accounts", "mailer", "reports", "billing", "blog", "cart"),
    *("chat", "feeds", "forum", "geo", "jobs", "login", "maps", "media", "orders", "prices", "queue", "shop", "users"),
    *("video", "wiki", "zones", "crm", "events", "mobile", "news", "partners", "stock", "tickets", "tours"),
)
PHASES = {
    Situation.UNDECIDED: Phase.SUSPECT,
    Situation.QUESTION: Phase.ASKING,
    Situation.ANNOUNCED: Phase.ANNOUNCED,
    Situation.SCHEDULED: Phase.ANNOUNCED,
    Situation.SENDING: Phase.PINNING,
    Situation.REQUESTED: Phase.ROLLING_BACK,
    Situation.DEPLOYING: Phase.DEPLOYING,
    Situation.VERIFYING: Phase.VERIFYING,
    Situation.CLOSED: Phase.CALM,
}
"""The phase of a service in each situation; in all others it is left to people."""
FOUND = Finding("home", "http", "run", x.BEGIN + 10, 1.0, x.RUN, symptom="HTTP 503")
MODES = {Situation.OBSERVED: Mode.OBSERVE, Situation.QUESTION: Mode.ASSIST}


@dataclass(frozen=True, slots=True)
class Case:
    """An incident, and the name of its picture."""

    name: str
    situation: Situation
    incident: Incident


def cases() -> tuple[Case, ...]:
    """Return the incidents of the table of situations, each of another service."""
    return tuple(_named())


def _named() -> Iterator[Case]:
    seen: dict[Situation, int] = {}
    for service, (incident, situation, _, _) in zip(SERVICES[: len(CASES)], CASES, strict=True):
        seen[situation] = seen.get(situation, 0) + 1
        number = f"-{seen[situation]}" if seen[situation] > 1 else ""
        name = f"incident-{situation.value.replace(' ', '-')}{number}"
        found = incident.findings and (FOUND,)
        yield Case(name, situation, replace(incident, id=f"{service}-1", service=service, findings=found))


def policy(known: tuple[Case, ...]) -> Policy:
    return policy_of(
        *(service_policy(one.incident.service, MODES.get(one.situation, Mode.AUTONOMOUS)) for one in known)
    )


def state(known: tuple[Case, ...]) -> State:
    """Return the state in which each of them is open; what is verified or over answers again."""
    services = {}
    for one in known:
        well = one.situation in (Situation.VERIFYING, Situation.CLOSED)
        reading = Good("200 in 120 ms") if well else Bad("HTTP 503")
        name, checks = one.incident.service, {"home": Check("home", "http", NOW - 1, reading)}
        is_open = None if one.situation is Situation.CLOSED else one.incident
        phase = PHASES.get(one.situation, Phase.PAGED)
        services[name] = service_state(name, incident=is_open, phase=phase, checks=checks)
    return State(services=services, control={"https://example.com": (NOW - 2, Good("200"))})


async def stored(clock: Clock, known: tuple[Case, ...]) -> MemoryStore:
    store = MemoryStore(clock)
    told = [("SUSPECT", 10, "HTTP 503; probe every 1 s"), ("CRITICAL", 48, "39 of 39 probes failed for 38 s")]
    notes = tuple(
        Note(x.BEGIN + second, one.incident.service, one.incident.id, label, text)
        for one in known
        for label, second, text in told
    )
    await fill(store, state(known), tuple(one.incident for one in known), notes)
    for one in known:
        await store.put_minutes(day_of(one.incident.service))
    return store
