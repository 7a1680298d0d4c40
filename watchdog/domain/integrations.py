"""The integrations the daemon relies on, each with the consequence of its failure, and the cure. One table.

A new kind of integration cannot be reported without a row here; `status`, the console, `/readyz`, the metrics and the
alerts about the watchdog itself are made of these rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.texts.prose import Prose


class Standing(StrEnum):
    """The standing of an integration, from good to worst."""

    OK = "ok"
    UNTRIED = "not tried yet"
    SILENT = "silent"
    FAILING = "failing"
    SHAPE = "unknown shape"
    TURNED_AWAY = "turned away"
    REFUSED = "refused"

    @property
    def works(self) -> bool:
        """Return whether there is no evidence against it."""
        return self in (Standing.OK, Standing.UNTRIED)


CURES: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.SILENT: "look at the load and the log of the host that runs the watchdog",
        Standing.FAILING: "look at its vendor's status page; the daemon retries it",
        Standing.SHAPE: "its vendor changed the answer: update the watchdog, or report it",
        Standing.TURNED_AWAY: "let the site admit our User-Agent, or probe less often",
        Standing.REFUSED: "its key was revoked, or may not do this: make a new one and restart the watchdog with it",
    }
)
"""The cure of each standing, unless the kind has its own."""
PATIENCE_SECONDS = 300.0
REFUSED_SECONDS = 60.0
"""A refusal is reported sooner: it does not recover by itself."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of integration."""

    words: str  # begin of its title, as in `the channel`
    consequence: str  # the consequence, with placeholders `{parts}` and `{name}`
    patience_seconds: float = PATIENCE_SECONDS  # how long it may fail before the operators are notified
    any_part: bool = False  # it works as long as one part of it does
    wakes: bool = False  # people are woken
    ends: str = "works again"  # words for its end
    told: bool = True  # False: another alert reports it (see app/compose/store_outage)
    cures: Mapping[Standing, str] = field(default_factory=lambda: MappingProxyType({}))  # what to do, instead of CURES

    def cure(self, standing: Standing) -> str:
        """Return the cure of this standing."""
        return self.cures.get(standing) or CURES[standing]


CLOCK_OFF_SECONDS = 30.0
"""Tolerated difference to the platform's clock: a Date header has whole seconds, an answer may take ten."""
CONFIGURATION = "configuration"
"""The kind of a refused reload. Each has a name of its own, so the next one pages as well; an accepted configuration
ends them all, by a reload or by a start."""
SIGHT = "sight"
"""The kind of a worker that is blind, and paged that: one alert for all of them."""
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "probes": Kind(
            "the probes of",
            "an outage of {name} is not noticed",
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
                    Standing.REFUSED: "give the API key the permission that the reason names (Render: Account "
                    "Settings, API Keys); where it names none, make a new key, set WATCHDOG_RENDER_API_KEY to it and "
                    "restart the watchdog",
                    # An id or a name that Render does not know: its status page says nothing about that.
                    Standing.FAILING: "where the reason names a fix, do that and restart the watchdog; else look at "
                    "Render's status page: the daemon retries it",
                }
            ),
        ),
        "feed": Kind("the feed", "errors and crashes of {parts} are not seen; its probes still are"),
        "status page": Kind("the status page of", "an outage of {name} is not taken into account"),
        "control": Kind(
            "the control targets", "a fault of the watchdog's network looks like a broken site", any_part=True
        ),
        "channel": Kind("the channel", "notices do not arrive there; other channels stand in", wakes=True),
        "answers": Kind("answers in", f"answers given there are not read; `{command_line('approve')}` still works"),
        "repository": Kind("the repository", "notices do not name commits, and blocked merges are not reported"),
        "pager": Kind("reading", "acknowledgements there are not read, so escalation may go on"),
        "changes": Kind("change events at", "responders do not see deploys beside their pages"),
        "heartbeat": Kind("the heartbeat", "that monitor takes the watchdog for dead"),
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
        CONFIGURATION: Kind(
            "the reload at",
            "the previous configuration stays in force, unless the reason says that the new one is partly applied",
            patience_seconds=0.0,
            wakes=True,
            ends="followed by one that was applied",
            cures=MappingProxyType(
                {Standing.REFUSED: "correct the file and reload again; some changes need a restart"}
            ),
        ),
        SIGHT: Kind(
            "the sight of worker",
            "none of its services is judged, and nothing is changed there",
            patience_seconds=60.0,
            wakes=True,
            told=False,
            cures=MappingProxyType({Standing.FAILING: "look at the network and the load of that worker's host"}),
        ),
        "store": Kind(
            "the store",
            "nothing is changed in production; while it only refuses, notices go out from memory",
            patience_seconds=60.0,
            wakes=True,
            told=False,
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Integration:
    """The standing of one integration."""

    kind: str  # its row in KINDS
    name: str  # which one of that kind
    standing: Standing  # how it stands
    since: float  # since when it stands so (UTC epoch seconds)
    ok_at: float | None = None  # when it worked last (UTC epoch seconds); None: not yet
    why: Prose = ""  # reason in words, if it does not work
    parts: tuple[str, ...] = ()  # which parts stand so, as services
    lasted_seconds: float = 0.0  # between the first and the last time it was seen so: one failure lasts no time

    @property
    def kind_of_it(self) -> Kind:
        """Return its row of the table; a newer worker may know more kinds."""
        return KINDS.get(self.kind, Kind(self.kind, "features that use it do not work"))

    @property
    def key(self) -> str:
        """Return the unique key of the integration."""
        return f"{self.kind}/{self.name}"

    @property
    def title(self) -> str:
        """Return its title in words."""
        return f"{self.kind_of_it.words} {self.name}"

    @property
    def consequence(self) -> str:
        """Return the consequence of its failure."""
        return self.kind_of_it.consequence.format(name=self.name, parts=", ".join(self.parts) or self.name)

    @property
    def cure(self) -> str:
        """Return its cure, or "" while it works."""
        return "" if self.standing.works else self.kind_of_it.cure(self.standing)

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the parts that must all work before it counts as working: none, where one of them is enough."""
        return () if self.kind_of_it.any_part else self.parts

    @property
    def patience_seconds(self) -> float:
        """Return how long it may be in this standing before the operators are notified."""
        patience = self.kind_of_it.patience_seconds
        return min(patience, REFUSED_SECONDS) if self.standing is Standing.REFUSED else patience


@dataclass(frozen=True, slots=True)
class Failing:
    """An integration whose failure was reported, and has not ended."""

    at: float  # since when it does not work (UTC epoch seconds)
    standing: str  # value of Standing when it was reported
    why: Prose  # reason in words
    parts: tuple[str, ...] = ()  # parts that must work until it does

    def integration(self, key: str) -> Integration:
        """Return the integration of that key as it was reported."""
        kind, _, name = key.partition("/")
        # A newer worker may have saved a standing that this version does not know.
        known = next((one for one in Standing if one.value == self.standing), Standing.FAILING)
        return Integration(kind, name, known, self.at, why=self.why, parts=self.parts)
