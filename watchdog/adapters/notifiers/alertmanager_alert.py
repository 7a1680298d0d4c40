"""One incident as Alertmanager's alert: its labels, its annotations, and the reference that brings it back.

Rule 1: the label set is the alert's identity there. So labels hold what stays: a rise in severity, and each notice that
pages, makes a new alert, and ends the one before it: the promised second page rings.
Rule 2: severity is never lowered, and a notice that does not page keeps the page's labels: it adds to the same alert.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from watchdog.adapters.json_values import mapping
from watchdog.adapters.json_values import text as string
from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.facts import facts, rows
from watchdog.domain.notices import Notice
from watchdog.domain.severity import Severity
from watchdog.domain.units import parse_time

NAME = "WatchdogIncident"
"""The `alertname` of all our alerts; `Watchdog` alone is the name that Prometheus gives an alert that always fires."""
NO_PAGE = "none"
MAX_DESCRIPTION, MAX_ROW, MAX_LABEL = 2000, 250, 255
LEFT_OUT = frozenset({"severity", "incident"})
"""Rows that are labels already."""
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of ours. `over`: its end was sent."""

    labels: Mapping[str, str]
    starts_at: str
    annotations: Mapping[str, str] = field(default_factory=dict)
    link: str = ""  # the address of the incident; empty: none
    over: bool = False

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """Return its identity at Alertmanager."""
        return tuple(sorted(self.labels.items()))

    @property
    def reference(self) -> str:
        """Return the alert as the store keeps it."""
        held = {"labels": dict(self.labels), "annotations": dict(self.annotations), "startsAt": self.starts_at}
        return json.dumps({**held, "link": self.link, "over": self.over}, ensure_ascii=False)

    def until(self, ends_at: float) -> dict[str, Any]:
        """Return the alert as it is posted, open or over until then (UTC epoch seconds)."""
        link = {"generatorURL": self.link} if self.link else {}
        # An end before the beginning would be refused: our clock may be behind the one that wrote the beginning.
        times = {"startsAt": self.starts_at, "endsAt": iso(max(ends_at, parse_time(self.starts_at) or 0.0))}
        return {"labels": dict(self.labels), "annotations": dict(self.annotations), **times, **link}


def known(reference: str | None) -> Alert | None:
    """Return the alert of a reference, or None for one that holds none: it may come from another version."""
    try:
        said = mapping(json.loads(reference or "null"))
    except (ValueError, RecursionError):
        return None
    return _read(said, over=said.get("over") is True)


def listed(answer: object) -> list[Alert]:
    """Return the alerts of an answer of Alertmanager's; what is none is left out."""
    found = [_read(mapping(one)) for one in answer] if isinstance(answer, list) else []
    return [one for one in found if one is not None]


def _read(said: Mapping[str, Any], *, over: bool = False) -> Alert | None:
    labels, starts_at = _texts(said.get("labels")), string(said.get("startsAt"))
    if not labels or parse_time(starts_at) is None:
        return None
    link = string(said.get("link")) or string(said.get("generatorURL"))
    return Alert(labels, starts_at, _texts(said.get("annotations")), link, over)


def identity(notice: Notice, constant: Mapping[str, str]) -> Mapping[str, str]:
    """Return the labels that every alert of the notice's incident has, and no other's."""
    service, incident = text.clean(notice.service, MAX_LABEL), text.clean(notice.incident, MAX_LABEL)
    return {**constant, "alertname": NAME, "service": service or "watchdog", "incident": incident}


def made(notice: Notice, before: Alert | None, constant: Mapping[str, str]) -> Alert:
    """Return the notice's alert; `before` is the open one of the incident."""
    was = before.labels if before is not None else NOTHING
    severity = max((notice.severity, _severity(was.get("severity", ""))), key=lambda one: one.rank)
    # By the notice's own moment: sent twice, it stays one alert.
    page = iso(notice.at) if notice.wakes else was.get("page", NO_PAGE)
    told = facts(notice)
    starts_at = before.starts_at if before is not None else iso(told.began_at if told is not None else notice.at)
    labels = {**identity(notice, constant), "severity": severity.value, "page": page}
    return Alert(labels, starts_at, _annotations(notice), _link(notice))


def iso(at: float) -> str:
    """Return a moment as Alertmanager reads it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def matchers(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the parameters that ask for alerts with these labels alone."""
    return [("filter", f"{name}={json.dumps(value, ensure_ascii=False)}") for name, value in labels.items()]


def _severity(value: str) -> Severity:
    return Severity(value) if value in list(Severity) else Severity.LOW


def _annotations(notice: Notice) -> Mapping[str, str]:
    """Return title, news and details, then the facts in short rows, and the links."""
    said = {"summary": text.title(notice), "progress": text.progress(notice), "description": _description(notice)}
    said |= {name.replace(" ", "_"): text.clean(value, MAX_ROW) for name, value in rows(notice).items()}
    said["links"] = "\n".join(f"{link.text}: {link.href}" for link in text.links(notice)[:3])
    return {name: value for name, value in said.items() if value and name not in LEFT_OUT}


def _description(notice: Notice) -> str:
    """Return as many whole lines as there is room for."""
    kept, room = list[str](), MAX_DESCRIPTION
    for line in text.lines(notice):
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join(kept)


def _link(notice: Notice) -> str:
    """Return the incident's own page, else the first link."""
    links = text.links(notice)
    return next((one.href for one in links if one.text == "incident"), links[0].href if links else "")


def _texts(value: object) -> Mapping[str, str]:
    return {name: one for name, one in mapping(value).items() if isinstance(one, str)}
