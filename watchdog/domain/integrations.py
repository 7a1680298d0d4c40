"""Everything the watchdog relies on, each with what follows when it does not work, and the cure. One table.

A new kind of integration cannot be noted without a row here, and each row is what `status`, the console, `/readyz`,
the metrics and the alerts about the watchdog itself are made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.prose import Prose


class Standing(StrEnum):
    """How something stands, from good to worst."""

    OK = "ok"
    UNTRIED = "not tried yet"
    SILENT = "silent"
    FAILING = "failing"
    SHAPE = "unknown shape"
    TURNED_AWAY = "turned away"
    REFUSED = "refused"

    @property
    def works(self) -> bool:
        """Tell whether nothing speaks against it."""
        return self in (Standing.OK, Standing.UNTRIED)


CURES: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.SILENT: "look at the load and the log of the host that runs the watchdog",
        Standing.FAILING: "look at its vendor's status page; it is tried again by itself",
        Standing.SHAPE: "its vendor changed the answer: update the watchdog, or report it",
        Standing.TURNED_AWAY: "let the site admit our User-Agent, or probe less often",
        Standing.REFUSED: "its key was revoked, or may not do this: make a new one and restart the watchdog with it",
    }
)
"""What to do, unless the kind knows better."""
PATIENCE_SECONDS = 300.0
REFUSED_SECONDS = 60.0
"""A refusal is told sooner: it does not heal by itself."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of integration. `consequence` is what follows, with `{parts}` for what is concerned.

    `patience_seconds`: how long it may fail before people are told; `any_part`: it works as long as one part of it
    does; `wakes`: people are woken; not `told`: another alert tells of it already (see app/compose/store_outage).
    """

    words: str
    consequence: str
    patience_seconds: float = PATIENCE_SECONDS
    any_part: bool = False
    wakes: bool = False
    told: bool = True
    cures: Mapping[Standing, str] = field(default_factory=lambda: MappingProxyType({}))

    def cure(self, standing: Standing) -> str:
        """Return what to do about it."""
        return self.cures.get(standing) or CURES[standing]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "probes": Kind(
            "the probes of",
            "nobody watches whether {name} works",
            patience_seconds=150.0,
            any_part=True,
            wakes=True,
        ),
        "platform": Kind(
            "the platform",
            "a bad deploy of {parts} is only paged, not rolled back",
            wakes=True,
            cures=MappingProxyType(
                {
                    Standing.REFUSED: "make an API key that may read and change these services (Render: Account "
                    "Settings, API Keys), put it into WATCHDOG_RENDER_API_KEY and restart the watchdog"
                }
            ),
        ),
        "feed": Kind("the feed", "errors and crashes of {parts} are not seen; its probes still are"),
        "status page": Kind("the status page of", "an outage of {name} is not taken into account"),
        "control": Kind("the control targets", "our own network cannot be told from a broken site", any_part=True),
        "channel": Kind("the channel", "people are not told there; other channels stand in", wakes=True),
        "answers": Kind("answers in", "what people answer there is not heard; `watchdog approve` still is"),
        "repository": Kind("the repository", "notices do not name commits, and merges that do not ship are not told"),
        "pager": Kind("reading", "who acknowledged a page is not known, so others may be called as well"),
        "changes": Kind("change events at", "responders do not see deploys beside their pages"),
        "heartbeat": Kind("the heartbeat", "that switch takes the watchdog for dead"),
        "remote write": Kind("remote write", "metrics do not arrive there"),
        "capacity": Kind(
            "the capacity for",
            "some checks are read late or not at all: an outage may be noticed late",
            patience_seconds=20.0,
            cures=MappingProxyType(
                {
                    Standing.FAILING: "give the watchdog more CPU, probe less often (every), or divide the services "
                    "among several watchdogs"
                }
            ),
        ),
        "value": Kind("the platform's", "this version does not know that value: see why"),
        "clock": Kind(
            "the clock of",
            "deploys are dated by the platform's clock, failures by this one: the wrong deploy may be blamed, or none",
            wakes=True,
            cures=MappingProxyType(
                {Standing.FAILING: "look at NTP on that host; if `date` is right there, restart the watchdog"}
            ),
        ),
        "store": Kind("the store", "nothing is changed in production; notices go out from memory", told=False),
    }
)


@dataclass(frozen=True, slots=True)
class Integration:
    """How one of them stands. `since` and `ok_at` (when it worked last) are UTC epoch seconds; `parts`: of what.

    `lasted_seconds` lie between the first and the last time that it was seen so: one failure lasts no time.
    """

    kind: str
    name: str
    standing: Standing
    since: float
    ok_at: float | None = None
    why: Prose = ""
    parts: tuple[str, ...] = ()
    lasted_seconds: float = 0.0

    @property
    def kind_of_it(self) -> Kind:
        """Return its row of the table; a newer version beside us may know more kinds."""
        return KINDS.get(self.kind, Kind(self.kind, "what relies on it does not work"))

    @property
    def key(self) -> str:
        """Return the name that no other one has."""
        return f"{self.kind}/{self.name}"

    @property
    def title(self) -> str:
        """Return what it is, in words."""
        return f"{self.kind_of_it.words} {self.name}"

    @property
    def consequence(self) -> str:
        """Return what follows of it."""
        return self.kind_of_it.consequence.format(name=self.name, parts=", ".join(self.parts) or self.name)

    @property
    def cure(self) -> str:
        """Return what to do about it, or nothing while it works."""
        return "" if self.standing.works else self.kind_of_it.cure(self.standing)

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the parts that must all work until it does: none, where one of them is enough."""
        return () if self.kind_of_it.any_part else self.parts

    @property
    def patience_seconds(self) -> float:
        """Return how long it may stand so before people are told."""
        patience = self.kind_of_it.patience_seconds
        return min(patience, REFUSED_SECONDS) if self.standing is Standing.REFUSED else patience


@dataclass(frozen=True, slots=True)
class Failing:
    """An integration that people were told of: since when it does not work (UTC epoch seconds), how it stands, why, and
    which of its parts must work until it does.
    """

    at: float
    standing: str
    why: Prose
    parts: tuple[str, ...] = ()

    def integration(self, key: str) -> Integration:
        """Return the integration of that key as it was told."""
        kind, _, name = key.partition("/")
        known = next((one for one in Standing if one.value == self.standing), Standing.FAILING)
        return Integration(kind, name, known, self.at, why=self.why, parts=self.parts)
