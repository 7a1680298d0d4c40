"""What a Statuspage `summary.json`, or Slack's own page, says about the components that concern us. Pure and lenient.

Rule 1: an unknown status of a component that concerns us is `Unknown`, never good and never an outage; so is a
page that does not list a part which concerns us (vendors rename components), and it says which.
Rule 2: maintenance that the platform announced, and is at now, is bad: what fails meanwhile may be its doing, so no
deploy is rolled back for it (a rollback may hang in it, too). It silences nobody: a site that is down is down for its
visitors, whoever announced it. Who wants to sleep through the hours of a maintenance says so (`silences: from, to`).
An upstream's is a remark: it names every part of that vendor, and would acquit bad deploys for hours.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from watchdog.adapters.signals.scheduled_maintenance import Maintenance, parse_maintenances
from watchdog.adapters.signals.source import plain
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
"""So far ahead maintenance is told of."""


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
        """Return it as a human reads it: `Oregon/Web Services`."""
        return f"{self.group}/{self.name}" if self.group else self.name


@dataclass(frozen=True, slots=True)
class Summary:
    """A status page: its components, its overall indicator, the titles of open incidents, what maintenance there is.

    One that does not list all its components (`lists_all`) names those that are ill.
    """

    components: tuple[Component, ...]
    indicator: str
    incidents: tuple[str, ...]
    maintenances: tuple[Maintenance, ...] = ()
    lists_all: bool = True

    def is_open(self, now: float) -> bool:
        """Something is going on, or will be soon: worth reading more often. `now` is UTC epoch seconds."""
        ill = bool(self.incidents) or any(component.status in OUTAGES for component in self.components)
        return ill or any(one.is_near(now) for one in self.maintenances)


def parse_summary(document: Any) -> Summary:
    """Return the summary. Raises ValueError if it has no such shape."""
    if isinstance(document, dict) and isinstance(document.get("active_incidents"), list):
        return _slack_summary(document)
    rows = document.get("components") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise ValueError("no components")
    rows = [row for row in rows[:COMPONENTS_MAX] if isinstance(row, dict) and isinstance(row.get("name"), str)]
    groups = {row["id"]: row["name"] for row in rows if row.get("group") is True and isinstance(row.get("id"), str)}
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
    """Return what Slack's own format (`/api/v2.0.0/current`) says: the services that open incidents name, and Slack
    itself as a component that is well. Notices are no outage; maintenance is a remark, as an upstream's always is.
    """
    rows = [row for row in document["active_incidents"][:50] if isinstance(row, dict)]
    found = [Component("Slack", "", "operational" if document.get("status") in ("ok", "active") else "absent")]
    for row in rows:
        status = SLACK_STATUS.get(str(row.get("type")), "absent")
        names = row.get("services")
        named = names[:COMPONENTS_MAX] if isinstance(names, list) else []
        if not named:
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
    """Return what the page means for us at a moment (UTC epoch seconds). No part wanted (upstreams only): all, but
    those that have a word of `elsewhere` in their label.
    """
    if role == "platform" and not wanted:
        return Unknown(f"{vendor}: which of its components concern us is not known yet")
    chosen = [
        one
        for one in summary.components
        if (any(_is_of(one, part) for part in wanted) if wanted else not _is_elsewhere(one, elsewhere))
        or (not summary.lists_all and not one.group)
    ]
    broken = [part for part in chosen if part.status in OUTAGES]
    if broken:
        return Bad(f"{vendor} reports {_named(broken)}{_incident(summary)}", FailureKind.OUTAGE)
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
        return Unknown(f"the status page of {vendor} does not list {names}: is it named anew?", Unread.SHAPE)
    strange = [part for part in chosen if part.status not in _KNOWN]
    if strange:
        return Unknown(f"{vendor}: {_named(strange)}: we do not know that status", Unread.SHAPE)
    remarks = [part for part in chosen if part.status in REMARKS]
    detail = f"{vendor}: {_named(remarks)}" if remarks else f"{vendor}: {len(chosen)} components operational"
    return Good(detail, _ahead(vendor, summary, chosen, now) if role == "platform" else "")


def _ahead(vendor: str, summary: Summary, chosen: Sequence[Component], now: float) -> str:
    """Return the maintenances of our components that are announced for the next weeks, the nearest first, in words."""
    horizon = now + AHEAD_SECONDS
    coming = [one for one in summary.maintenances if one.is_ahead and _is_ours(one, chosen)]
    near = sorted((one for one in coming if (one.begins_at or now) <= horizon), key=lambda one: one.begins_at or now)
    told = [f'"{one.name}"{_of_what(one, chosen)}, {one.when(now)}' for one in near[:NAMED_MAX]]
    return f"{vendor} will have maintenance: {'; '.join(told)}" if told else ""


def _is_ours(one: Maintenance, chosen: Sequence[Component]) -> bool:
    """Tell whether it is of a component that concerns us; where it names none, whether one of ours is under it."""
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
    """Tell whether a label such as `EU Error Ingestion` or `Integrations/GitHub` names a part we do not use."""
    return not words.isdisjoint(_fold(component.label.replace("/", " ")).split()) if words else False


def _matches(part: Component, label: str) -> bool:
    """`Oregon/Web Services` names one component; `Web Services` that one in every group."""
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
