"""The verdict of a Statuspage `summary.json`, or of Slack's own page, on the components that concern us. Pure, lenient.

Rule 1: an unknown status of a component that concerns us is `Unknown`, never good and never an outage. So is a page
that does not list such a component (vendors rename them); the reading names it.
Rule 2: maintenance that the platform announced, and that goes on now, is bad. Failures meanwhile may come from it, so
no deploy is rolled back for them (a rollback may hang in it, too). It silences no page: a site that is down is down for
its visitors. A team that wants no pages during a maintenance writes a silence (`silences: from, to`). An upstream's
maintenance is a remark: it names every part of that vendor, and would acquit bad deploys for hours.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from watchdog.adapters.http_exchange import plain
from watchdog.adapters.signals.scheduled_maintenance import Maintenance, parse_maintenances
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown, Unread

OUTAGES = frozenset({"partial_outage", "major_outage"})
REMARKS = frozenset({"degraded_performance", "under_maintenance"})
_KNOWN = OUTAGES | REMARKS | {"operational"}
SLACK_STATUS = {"incident": "partial_outage", "outage": "major_outage", "notice": "operational"}
SLACK_STATUS |= {"maintenance": "under_maintenance"}
_ENDED = frozenset({"resolved", "postmortem", "completed"})
COMPONENTS_MAX = 2000
NAMED_MAX = 3
AHEAD_SECONDS = 14 * 86400.0
"""How far ahead an announced maintenance is mentioned, in seconds."""


Part = tuple[str, ...]
"""A part of a vendor that concerns us: the labels that its page may give it, `Group/Name` or `Name`, today's first."""


@dataclass(frozen=True, slots=True)
class Component:
    """One line of a status page; `group` is empty for a global one."""

    name: str
    group: str
    status: str

    @property
    def label(self) -> str:
        """Return the label that people read: `Oregon/Web Services`."""
        return f"{self.group}/{self.name}" if self.group else self.name


@dataclass(frozen=True, slots=True)
class Summary:
    """A status page: its components, its overall indicator, the titles of open incidents, and its maintenances.

    A page that does not list all its components (`lists_all` is False) lists the failing ones only.
    """

    components: tuple[Component, ...]
    indicator: str
    incidents: tuple[str, ...]
    maintenances: tuple[Maintenance, ...] = ()
    lists_all: bool = True

    def is_open(self, now: float) -> bool:
        """Return whether an incident or a maintenance is open or near, so that the page is read more often.

        `now` is UTC epoch seconds.
        """
        ill = bool(self.incidents) or any(component.status in OUTAGES for component in self.components)
        return ill or any(one.is_near(now) for one in self.maintenances)


def parse_summary(document: Any) -> Summary:
    """Return the summary. Raises ValueError if the document has no such shape."""
    if isinstance(document, dict) and isinstance(document.get("active_incidents"), list):
        return _slack_summary(document)
    rows = document.get("components") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise ValueError("no components")
    rows = [row for row in rows[:COMPONENTS_MAX] if isinstance(row, dict) and isinstance(row.get("name"), str)]
    groups = {row["id"]: row["name"] for row in rows if row.get("group") is True and isinstance(row.get("id"), str)}
    # Reversed, so that of two rows with one id the first wins, as in the list of components.
    own = {row["id"]: row for row in reversed(rows) if isinstance(row.get("id"), str)}
    status = document.get("status")
    indicator = status.get("indicator") if isinstance(status, dict) else None
    return Summary(
        components=tuple(_component(row, groups) for row in rows if row.get("group") is not True),
        indicator=indicator if isinstance(indicator, str) else "",
        incidents=_open_incidents(document.get("incidents")),
        maintenances=parse_maintenances(document.get("scheduled_maintenances"), lambda row: _known(row, own, groups)),
    )


def _slack_summary(document: dict[str, Any]) -> Summary:
    """Return the summary of Slack's own format (`/api/v2.0.0/current`).

    Its components are the services that open incidents name, and Slack itself as a healthy component. Notices are no
    outage; maintenance is a remark, as an upstream's always is.
    """
    rows = [row for row in document["active_incidents"][:50] if isinstance(row, dict)]
    # An unknown status becomes `absent`, which is no known one, so the reading is Unknown.
    found = [Component("Slack", "", "operational" if document.get("status") in ("ok", "active") else "absent")]
    for row in rows:
        status = SLACK_STATUS.get(str(row.get("type")), "absent")
        names = row.get("services")
        named = names[:COMPONENTS_MAX] if isinstance(names, list) else []
        if not named:
            # An incident that names no service concerns Slack as a whole.
            found[0] = Component("Slack", "", status)
        found += [Component(plain(str(name), 60), "Slack", status) for name in named]
    titles = tuple(plain(str(row.get("title") or "untitled"), 80) for row in rows)
    return Summary(tuple(found), indicator="", incidents=titles, lists_all=False)


def verdict(
    vendor: str,
    summary: Summary,
    role: str,
    wanted: Sequence[Part],
    now: float,
    elsewhere: Set[str] = frozenset(),
) -> Reading:
    """Return the page's verdict for us at a moment (UTC epoch seconds).

    Without wanted parts (upstreams only) all components count, except those with a word of `elsewhere` in their label.
    """
    if role == "platform" and not wanted:
        return Unknown(f"{vendor}: which of its components concern us is not known yet")
    chosen = [
        one
        for one in summary.components
        if (any(_is_of(one, part) for part in wanted) if wanted else not _is_elsewhere(one, elsewhere))
        or (not summary.lists_all and not one.group)
    ]
    # Order: outages first, then maintenance, then gaps in the page, so that the worst known fact is the reading.
    broken = [part for part in chosen if part.status in OUTAGES]
    if broken:
        return Bad(f"{vendor} reports {_named(broken)}{_incident(summary)}", FailureKind.OUTAGE)
    # The indicator covers the whole vendor. With parts selected it would
    # report regions and products that we do not use.
    if role == "upstream" and not (wanted or elsewhere) and summary.indicator in ("major", "critical"):
        return Bad(f"{vendor} reports a {summary.indicator} incident{_incident(summary)}", FailureKind.OUTAGE)
    if not (chosen or wanted):
        return Unknown(f"the status page of {vendor} lists no component", Unread.SHAPE)
    going_on = [one for one in summary.maintenances if one.goes_on(now) and _is_ours(one, chosen)]
    if role == "platform" and going_on:
        one = going_on[0]
        why = f'{vendor} announced maintenance: "{one.name}"{_of_what(one, chosen)}, {one.until(now)}'
        return Bad(why, FailureKind.OUTAGE)
    missing = [part[0] for part in wanted if not any(_is_of(one, part) for one in chosen)]
    if missing and summary.lists_all:
        names = ", ".join(missing[:NAMED_MAX])
        return Unknown(f"the status page of {vendor} does not list {names}: was it renamed?", Unread.SHAPE)
    strange = [part for part in chosen if part.status not in _KNOWN]
    if strange:
        return Unknown(f"{vendor}: {_named(strange)}: we do not know that status", Unread.SHAPE)
    remarks = [part for part in chosen if part.status in REMARKS]
    detail = f"{vendor}: {_named(remarks)}" if remarks else f"{vendor}: {len(chosen)} components operational"
    return Good(detail, _ahead(vendor, summary, chosen, now) if role == "platform" else "")


def _ahead(vendor: str, summary: Summary, chosen: Sequence[Component], now: float) -> str:
    """Return the announced maintenances of our components for the next weeks, the nearest first, as text."""
    horizon = now + AHEAD_SECONDS
    coming = [one for one in summary.maintenances if one.is_ahead and _is_ours(one, chosen)]
    near = sorted((one for one in coming if (one.begins_at or now) <= horizon), key=lambda one: one.begins_at or now)
    named = [f'"{one.name}"{_of_what(one, chosen)}, {one.when(now)}' for one in near[:NAMED_MAX]]
    return f"{vendor} will have maintenance: {'; '.join(named)}" if named else ""


def _is_ours(one: Maintenance, chosen: Sequence[Component]) -> bool:
    """Return whether a maintenance concerns one of our components.

    Where it names no component, it does if one of ours is marked as under maintenance.
    """
    # Without components the announcement may concern any part; only the mark on a component ties it to us.
    if not one.labels:
        return any(part.status == "under_maintenance" for part in chosen)
    return any(_names(one, part) for part in chosen)


def _names(one: Maintenance, part: Component) -> bool:
    return part.label in one.labels or (part.group != "" and part.group in one.labels)


def _of_what(one: Maintenance, chosen: Sequence[Component]) -> str:
    ours = [part.label for part in chosen if _names(one, part)]
    return f" of {', '.join(ours[:NAMED_MAX])}" if ours else ""


def _component(row: dict[str, Any], groups: dict[str, str]) -> Component:
    group_id = row.get("group_id")
    group = groups.get(group_id, "") if isinstance(group_id, str) else ""
    return Component(plain(row["name"], 60), plain(group, 40), plain(str(row.get("status") or "absent"), 40))


def _known(row: dict[str, Any], own: dict[str, dict[str, Any]], groups: dict[str, str]) -> str:
    """Return the label of a component that is named elsewhere on the page: as its own row has it, if it has one."""
    number = row.get("id")
    return _component(own.get(number, row) if isinstance(number, str) else row, groups).label


def _open_incidents(rows: object) -> tuple[str, ...]:
    if not isinstance(rows, list):
        return ()
    incidents = [row for row in rows[:50] if isinstance(row, dict) and str(row.get("status")) not in _ENDED]
    return tuple(plain(str(row.get("name") or "untitled"), 80) for row in incidents)


def _is_of(component: Component, part: Part) -> bool:
    return any(_matches(component, label) for label in part)


def _is_elsewhere(component: Component, words: Set[str]) -> bool:
    """Return whether a label such as `EU Error Ingestion` or `Integrations/GitHub` names a part we do not use."""
    return not words.isdisjoint(_fold(component.label.replace("/", " ")).split()) if words else False


def _matches(part: Component, label: str) -> bool:
    """Return whether a label names a component: `Oregon/Web Services` one, `Web Services` that one in every group."""
    group, _, name = label.rpartition("/")
    same_group = not group or _fold(group) in _fold(part.group)
    return same_group and _fold(part.name) == _fold(name)


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _named(parts: Sequence[Component]) -> str:
    shown = ", ".join(f"{part.label} {part.status.replace('_', ' ')}" for part in parts[:NAMED_MAX])
    return shown if len(parts) <= NAMED_MAX else f"{shown} and {len(parts) - NAMED_MAX} more"


def _incident(summary: Summary) -> str:
    return f' ("{summary.incidents[0]}")' if summary.incidents else ""
