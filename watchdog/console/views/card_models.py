"""The contents of a card: an open incident at a glance; and the uptime of a service. Plain data, as `view_models`."""

from dataclasses import dataclass

from watchdog.console.views.deploy_facts import PagesView
from watchdog.presentation.outlook import Outlook

COVERED_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class UptimeView:
    """The share of the last 24 h, 7 and 30 days in which a service was available; None: it was not watched.

    `week_watched_seconds`, `month_watched_seconds`: how much of the period each is about. `complete`: everything was
    read from the store.
    """

    day: float | None = None
    week: float | None = None
    month: float | None = None
    complete: bool = False
    week_watched_seconds: float = 0.0
    month_watched_seconds: float = 0.0

    @property
    def week_is_covered(self) -> bool:
        """Tell whether enough was watched for a number of the week; its last day may just have begun."""
        return self.week_watched_seconds >= COVERED_SHARE * 6 * 86400

    @property
    def month_is_covered(self) -> bool:
        """Tell the same of the month."""
        return self.month_watched_seconds >= COVERED_SHARE * 29 * 86400


@dataclass(frozen=True, slots=True)
class AskView:
    """The commands open for an incident now: `can` names them, `words` is the question.

    An answer carries `suspect`, `target` and `asked_at` as they are here: the daemon refuses it if they have changed by
    then. `until` is the deadline of the answer, or the time at which an announced rollback is sent; `only` names the
    only person who may approve. `kept`: the rollback is approved and waits for its window; a second approval sends it
    now.
    """

    can: tuple[str, ...]
    words: str
    suspect: str | None
    target: str | None
    asked_at: float | None
    until: float | None
    only: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class SuspectView:
    """The deploy that is blamed. `diff` and `page` are links; these, `author` and `likely` are empty if unknown."""

    id: str
    code: str
    message: str
    author: str
    likely: str  # how likely it is to blame: `99 % likely to blame`
    live_at: float | None
    diff: str
    page: str


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of an incident: done (at a time), next, open (not reached yet), or missed (tried in vain).

    `note` says what is known in place of a time.
    """

    name: str
    at: float | None
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SaidView:
    """A note of a person on an incident."""

    at: float
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class CardView:
    """An incident as news: what fails since when, what happens next, and the commands that the daemon accepts now.

    `ended_at` is None while it lasts; `unproved`: it is when the incident was closed, as no rollback was verified;
    `answers_since` is since when the service answers again meanwhile. `outlook.commands` has the accepted commands
    alone, the recommended one first. `quiet` says why no notices are sent; `pages` are those of the service at
    Render; `status_page` is the address of the one that acquits the deploy; `note` is the newest one of people;
    `denied` is the deny-listed commit that a closed one left, in its short form; `acknowledged_by` is who has
    acknowledged it, as recorded.
    """

    id: str
    service: str
    severity: str
    headline: str
    onset_at: float
    ended_at: float | None
    outlook: Outlook
    ask: AskView | None
    suspect: SuspectView | None
    pages: PagesView
    status_page: str = ""
    quiet: str = ""
    answers_since: float | None = None
    note: SaidView | None = None
    denied: str = ""
    acknowledged_by: str = ""
    unproved: bool = False
