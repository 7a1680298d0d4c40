"""An incident in each situation, each of a service of its own: what its page looks like in each step.

Each is a story, played through the real core up to a moment; all of them end at the same one. So no incident, note or
reading here is anything that the core would not have made.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any
from zlib import crc32

from tests.console.scene import at_render, fill
from tests.core.world import CONTROL, START, make_policy
from tests.support.storyteller import Stage, perform
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.domain import events as e
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import Action, Policy, ServicePolicy
from watchdog.domain.readings import Bad, Good
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Minute
from watchdog.ports import Clock
from watchdog.presentation.situation import Situation

END_SECONDS = 900.0
NOW = START + END_SECONDS
"""The moment at which all stories end, and their pages are read."""
SERVICES = (
    *("web", "api", "checkout", "search", "images", "docs", "accounts", "mailer", "reports", "billing", "blog", "cart"),
    *("chat", "feeds", "forum", "geo", "jobs", "login", "maps", "media", "orders", "prices", "queue", "shop", "users"),
    *("video", "wiki", "zones", "crm", "events"),
)
DEPLOYS = "given dep-40 aaaaaaa1 live, 3 days old\ngiven dep-39 bbbbbbb0 deactivated, 9 days old\n"
FAILS = "01:00  bad00000 goes live\n01:04  home fails while bad00000 is live\n"
SLOW = "01:00  bad00000 goes live\n01:04  api is slow while bad00000 is live\n"
ASSIST = "given mode assist\n"
CALLS = "given lead is called 300 s after the one before\n"
BUSY = "given Render answers the rollback: postponed\n" * 200
GONE = "given Render answers the rollback: expired\ngiven Render answers the rollback: refused\n"
AGAIN = FAILS + "08:00  bad00000 goes live\n"


@dataclass(frozen=True, slots=True)
class Story:
    """What happens, and the second at which the page is read."""

    situation: Situation
    text: str
    seconds: float
    notifies: Severity | None = None  # a severity of which the policy only notifies
    slow: bool = False  # Render does not answer the order to switch auto-deploy off


STORIES = (
    Story(Situation.QUESTION, ASSIST + CALLS + FAILS, 180.0),
    Story(
        Situation.QUESTION,
        f"given critical without an answer: rollback\n{ASSIST}{FAILS}02:00  acknowledge web-1 by ann\n",
        180.0,
    ),
    Story(Situation.QUESTION, ASSIST + CALLS + FAILS, 480.0),
    Story(Situation.ANNOUNCED, f"given veto 60 s\n{FAILS}", 120.0),
    Story(
        Situation.SCHEDULED,
        f"given high is scheduled for breaks, 14:40 to 14:50 UTC\n{SLOW}04:40  approve web-1 by ann\n",
        360.0,
    ),
    Story(Situation.REMEDYING, "given feature flag new-checkout is switched off before a rollback\n" + FAILS, 140.0),
    Story(Situation.SENDING, FAILS, 120.0, slow=True),
    Story(Situation.REQUESTED, "given Render answers the rollback: silent\n" + FAILS, 130.0),
    Story(Situation.DEPLOYING, FAILS, 115.0),
    Story(Situation.VERIFYING, FAILS, 180.0),
    Story(Situation.VERIFYING, FAILS.replace(" while bad00000 is live", ""), 150.0),
    Story(Situation.BLOCKED_FOR_NOW, FAILS + "02:00  ccccccc1 goes live\n", 115.0),
    Story(Situation.BLOCKED_FOR_NOW, "00:10  the deploy list cannot be read\n" + FAILS, 140.0),
    Story(Situation.ASKS_LATER, CALLS + AGAIN, 560.0),
    Story(Situation.BLOCKED, AGAIN + "08:50  acknowledge web-2 by ann\n", 560.0),
    Story(Situation.OBSERVED, "given mode observe\n" + CALLS + FAILS, 180.0),
    Story(Situation.NOT_THE_DEPLOY, "00:50  openai reports an outage\n01:00  home fails\n", 180.0),
    Story(Situation.NOT_THE_DEPLOY, CALLS + "00:50  Render reports an outage\n" + FAILS, 180.0),
    Story(Situation.NOT_THE_DEPLOY, "01:00  it is suspended by billing\n", 180.0),
    Story(Situation.NO_ACTION, SLOW, 240.0, notifies=Severity.HIGH),
    Story(Situation.REJECTED, f"{ASSIST}{FAILS}02:30  reject web-1 by ann\n", 170.0),
    Story(Situation.STOPPED, f"given veto 60 s\n{FAILS}02:20  stop web-1 by ann\n", 170.0),
    Story(Situation.DID_NOT_HELP, CALLS + FAILS.replace(" while bad00000 is live", ""), 240.0),
    Story(Situation.NOT_DONE, f"given Render answers the rollback: lost\n{FAILS}", 180.0),
    Story(Situation.NOT_DONE, f"given Render answers the rollback: refused\n{FAILS}", 180.0),
    Story(Situation.NOT_DONE, f"{GONE}{FAILS}", 180.0),
    Story(Situation.NEEDS_A_PERSON, BUSY + FAILS, 270.0),
    Story(Situation.CLOSED, FAILS, 360.0),
    Story(Situation.CLOSED, f"{FAILS}05:30  restore auto-deploy by ann\n", 360.0),
    Story(Situation.CLOSED, f"given veto 60 s\n{FAILS}02:20  stop web-1 by ann\n05:00  it recovers\n", 450.0),
)
MESSAGES = {"bad00000": "Rework the basket", "aaaaaaa1": "Add a footer", "ccccccc1": "Repair the basket"}


class Filmed(Stage):
    """A stage that keeps the readings by signal and minute, as the daemon does for the charts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.minutes: dict[tuple[str, float], list[e.Observed]] = {}
        self.facts = replace(self.facts, repo="https://github.com/acme/app")

    def tell(self, event: e.Event) -> None:
        if isinstance(event, e.Observed):
            self.minutes.setdefault((event.signal, event.at - event.at % 60), []).append(event)
        super().tell(event)

    def begin(self, commit: str | None, trigger: str = "new_commit") -> str:
        made = super().begin(commit, trigger)
        self.deploys[0] = replace(self.deploys[0], commit_message=MESSAGES.get(commit or "", ""))
        return made


@dataclass(frozen=True, slots=True)
class Case:
    """A played story: its incident, its service as it is then, and the name of its picture."""

    name: str
    situation: Situation
    incident: Incident
    service: ServiceState
    policy: ServicePolicy
    notes: tuple[Note, ...]
    minutes: tuple[Minute, ...]
    denied: tuple[str, ...]


@cache
def cases() -> tuple[Case, ...]:
    """Return the last incident of each story, each of another service."""
    return tuple(_played())


def _played() -> Iterator[Case]:
    seen: dict[Situation, int] = {}
    for service, story in zip(SERVICES[: len(STORIES)], STORIES, strict=True):
        seen[story.situation] = seen.get(story.situation, 0) + 1
        number = f"-{seen[story.situation]}" if seen[story.situation] > 1 else ""
        stage, named = _play(story), _renaming(service)
        yield Case(
            f"incident-{story.situation.value.replace(' ', '-')}{number}",
            story.situation,
            named(list(stage.incidents.values())[-1]),
            at_render(named(stage.state.services["web"])),
            named(stage.policy.services["web"]),
            named(tuple(stage.notes)),
            tuple(_minutes(service, stage)),
            named(stage.state.denied),
        )


def _play(story: Story) -> Filmed:
    policy = make_policy()
    if story.notifies is not None:
        rule = replace(policy.matrix[story.notifies], do=Action.TELL)
        policy = replace(policy, matrix={**policy.matrix, story.notifies: rule})
    stage = Filmed(policy, [], pin="silent" if story.slow else "confirmed")
    perform(DEPLOYS + story.text, stage, later=END_SECONDS - story.seconds, until=END_SECONDS)
    return stage


def _minutes(service: str, stage: Filmed) -> Iterator[Minute]:
    """Yield a good day of home, a minute of every five, then of each before the story, and each of the story."""
    for before in (*range(86400, 3600, -300), *range(3600, 0, -60)):
        yield Minute(service, "home", START - START % 60 - before, 6, 0, 0, 0.05, 0.08, 0.1)
    for (signal, start), read in sorted(stage.minutes.items(), key=lambda one: one[0]):
        bad = sum(isinstance(one.reading, Bad) for one in read)
        # Of the good ones, as the daemon keeps them.
        lasted = sorted(one.latency_seconds or 0.0 for one in read if not isinstance(one.reading, Bad))
        slow = (lasted[len(lasted) // 2], lasted[-1], lasted[-1]) if lasted else (None, None, None)
        yield Minute(service, signal, start, len(read) - bad, bad, 0, *slow, "HTTP 503" if bad else "")


def _renaming(service: str) -> Callable[[Any], Any]:
    """Return what gives web's story another service, and its bad commit a name of its own: the deny-list is shared."""
    code = f"{crc32(service.encode()):08x}"[:7]

    def named(value: Any) -> Any:
        return re.sub(r"\bweb\b", service, value).replace("bad0000", code) if type(value) is str else value

    return lambda value: throughout(value, named)


def throughout(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return the value with each of its parts changed, down to the last one."""
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: throughout(getattr(value, one.name), change) for one in fields(value)})  # type: ignore[type-var]
    if isinstance(value, tuple):
        return tuple(throughout(one, change) for one in value)
    if isinstance(value, Mapping):
        return {throughout(key, change): throughout(one, change) for key, one in value.items()}
    return change(value)


def policy(known: tuple[Case, ...]) -> Policy:
    return replace(make_policy(), services={one.service.name: one.policy for one in known})


def state(known: tuple[Case, ...]) -> State:
    """Return the state of one fleet in which each of the stories happened."""
    denied = tuple(code for one in known for code in one.denied)
    control = {target: (NOW - 2, Good("200")) for target in CONTROL}
    return State(services={one.service.name: one.service for one in known}, control=control, denied=denied)


async def stored(clock: Clock, known: tuple[Case, ...]) -> MemoryStore:
    store = MemoryStore(clock)
    notes = tuple(note for one in known for note in one.notes)
    await fill(store, state(known), tuple(one.incident for one in known), notes)
    for one in known:
        await store.put_minutes(list(one.minutes))
        if one.incident.escalation.acknowledged_by is not None:
            await store.remark(
                one.incident.id, "The basket's team prepares a fix.", one.incident.escalation.acknowledged_by
            )
    return store
