"""What is read of another tool's configuration, in one form for all tools: sites, their probes, and what was lost.

Rule 1: a reader fills in what it understands and notes the rest; it never raises for a strange value.
Rule 2: a value that may be a secret stands in no field that is written down: `Keys` knows it by the name of a variable.
Rule 3: a note names a key or a condition of the other tool, and never its value.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from watchdog.adapters.signals.probe_options.named_secrets import FAMILY
from watchdog.domain.texts.secret_shapes import SECRET
from watchdog.domain.units import parse_duration
from watchdog.settings.text.yaml_document import show_key

VARIABLE_CHARACTERS = 40
STATUSES = range(100, 600)
LISTED_STATUSES_MAX = 40
"""Single statuses that are written as a list; a rule with more is told as it cannot be written."""
NO_EQUAL: Mapping[str, str] = {
    "ping": "a ping has no equal: watch a port of that host with tcp:",
    "dns": "a DNS query has no equal",
    "websocket": "a WebSocket has no equal: probe its server with http:",
    "grpc": "gRPC has no equal: watch its port with tcp:",
    "push": "it is pushed there: let the job ping a healthchecks server, and read it with heartbeat:",
    "other": "this kind of check has no equal: write a check of your own, and command:",
}
"""Why a kind of check is left out, and what to write instead."""
VERIFIED = "certificates are always verified; name a private authority in tls: {ca: …}"


class Keys:
    """The secrets of a foreign file: each value has one variable, whose name alone is written down."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self.meanings: dict[str, str] = {}

    def place(self, value: str, wanted: str, meaning: str) -> str:
        """Return `${WATCHDOG_PROBE_…}` for a secret; `meaning` says in words where it stands in the file."""
        if value not in self._names:
            plain = re.sub(r"[^A-Z0-9]+", "_", wanted.upper()).strip("_")[: VARIABLE_CHARACTERS - 4].strip("_") or "KEY"
            number, name = 2, f"{FAMILY}{plain}"
            while name in self.meanings:
                name, number = f"{FAMILY}{plain}_{number}", number + 1
            self._names[value], self.meanings[name] = name, meaning
        return f"${{{self._names[value]}}}"


@dataclass
class Site:
    """One site or endpoint: a service of the written configuration."""

    name: str
    """As the other tool has it; it is made a name of ours when it is written."""
    group: str = ""
    """The name it is grouped by there, a tag here; empty: none."""
    render: str = ""
    """Its service on Render; empty: not known."""
    signals: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name; the first key of each is its kind."""
    notes: list[str] = field(default_factory=list)
    """What could not be carried over."""
    left_out: str = ""
    """Why it is not carried over at all; empty: it is."""

    def __post_init__(self) -> None:
        self.name, self.group = clean(self.name, 100) or "site", clean(self.group, 100)

    def note(self, text: str) -> None:
        """Note what could not be carried over, once."""
        if text not in self.notes:
            self.notes.append(text)

    def note_keys(self, given: Mapping[str, Any], known: Iterable[str], within: str = "") -> None:
        """Note the keys of a mapping that are not known; those without a value say nothing."""
        for key in given:
            if key not in known and given[key] not in (None, "", [], {}):
                self.note(f"{within}{show_key(key)}: no equal")


@dataclass
class Found:
    """All that was read of one tool's files."""

    sites: list[Site] = field(default_factory=list)
    """In the order of the files."""
    notes: list[str] = field(default_factory=list)
    """What could not be carried over, and belongs to no site alone."""


def has_variable(text: str) -> bool:
    """Return whether a text waits for a value of the environment or of a template."""
    return re.search(r"\$\{|\$\(|\{\{|\$[A-Za-z_]", text) is not None


def clean(text: str, characters: int = 60) -> str:
    """Return a foreign text for a comment or the terminal: on one line, cut, `***` for what may be a secret."""
    plain = "".join(mark if mark.isprintable() else " " for mark in text)
    return "***" if SECRET.search(plain) else plain[:characters].strip()


def word(value: object) -> str:
    """Return a scalar of a foreign file as text; empty for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float)) else ""


def host_of(url: str) -> str:
    """Return the host of an address for a name, or an empty text."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def entries(value: object) -> list[Mapping[str, Any]]:
    """Return the mappings in a list; of anything else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def set_statuses(signal: dict[str, Any], site: Site, accepted: Iterable[int], key: str) -> None:
    """Write `status:` for these; `key` is what the other tool calls them."""
    written = _statuses(accepted)
    if written is None:
        site.note(f"{key}: these statuses cannot be written; 2xx is expected")
    else:
        signal["status"] = written[0] if len(written) == 1 else written


def _statuses(accepted: Iterable[int]) -> list[int | str] | None:
    """Return whole classes, and single statuses. None: they cannot be written."""
    wanted = set(accepted)
    written: list[int | str] = []
    for hundred in range(1, 6):
        of_class = {status for status in range(hundred * 100, hundred * 100 + 100) if status in wanted}
        written += [f"{hundred}xx"] if len(of_class) == 100 else sorted(of_class)
    return written if 0 < len(written) <= LISTED_STATUSES_MAX else None


def literal(text: str) -> str:
    """Return a regular expression that is found where the text stands."""
    return re.sub(r"[\\.^$*+?{}\[\]|()]", r"\\\g<0>", text)


def duration(seconds: float) -> str:
    """Return a duration as it is written here, in the largest unit that fits: 5m, 90s, 1500ms."""
    thousandths = max(1, round(seconds * 1000))
    fitting = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
    return next(f"{thousandths // of}{unit}" for unit, of in fitting.items() if thousandths % of == 0)


def pace(signal: dict[str, Any], every: float | None, timeout: float | None) -> None:
    """Write interval and timeout (seconds) into a signal, within the limits of ours."""
    if every is not None:
        signal["every"] = duration(min(max(every, 1.0), 86400.0))
    if timeout is not None:
        signal["timeout"] = duration(min(max(timeout, 0.05), 60.0))


def seconds_of(site: Site, key: str, mapping: Mapping[str, Any]) -> float | None:
    """Return a duration of a mapping (`1m30s`) in seconds; None: there is none, or one that is noted as unreadable."""
    given = word(mapping.get(key)).strip()
    if not given:
        return None
    try:
        return parse_duration(given)
    except ValueError:
        site.note(f"{key}: not a duration that can be read")
        return None
