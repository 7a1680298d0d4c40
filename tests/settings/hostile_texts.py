"""Configurations that no person would write: some made by the schema of our keys, some a good one that was damaged.

Each is made of its number alone.
"""

from collections.abc import Callable
from random import Random

from tests.settings.hostile_values import value
from tests.settings.schema_texts import grown

BASE = """\
version: 1
mode: assist
services:
  web:
    render: srv-web
    title: The shop
    objective: 99.9%
    tags: [checkout, eu]
    depends_on: [database, openai]
    signals:
      home: {http: https://www.acme.example, every: 10s, timeout: 5s, status: [2xx, 404], json: {$.ok: true}}
      slow: {latency: https://www.acme.example/api, p95: 800ms}
      errors: {sentry: acme/web}
      platform: {render_events: default}
dependencies:
  database: {render: dpg-acme}
vendor_status: [render, openai]
policy:
  critical: {do: rollback, within: 2m, tell: [slack]}
  high: {do: schedule, window: nights}
budget: {per_service_per_day: 2}
channels:
  slack: {channel: "#incidents"}
  email: {smtp: "smtp.acme.example:587", from: a@acme.example, to: [b@acme.example]}
windows: {nights: "Mon-Fri 22:00-24:00 Europe/Berlin"}
contacts:
  ann: {email: ann@acme.example, hours: "Mon-Fri 09:00-18:00 Europe/Berlin", role: team lead}
rotations:
  first: {of: [ann], from: "2026-11-23 09:00 Europe/Berlin"}
escalation: [{tell: ann, after: 10m}]
stakeholders:
  board: {email: board@acme.example, services: [web], severity: high, zone: UTC}
silences:
  - {service: web, from: 2027-01-14T08:00:00Z, to: 2027-01-15T08:00:00Z, author: ann, reason: a move}
action_holds:
  - {service: all, every: "Sun 02:00-04:00 UTC", author: ann, reason: backups}
digest: {every: "Mon 09:00 Europe/Berlin", tell: [slack]}
store: sqlite:///watchdog.db
metrics: {listen: "127.0.0.1:9464", remote_write: "https://metrics.acme.example/push", remote_write_user: acme}
console: {enabled: true, url: https://watchdog.acme.example}
checklists: {down: {title: Down, services: [web], items: {cache: Purge it}}}
status_pages: {public: {title: Acme, services: [web], names: {web: Shop}}}
control: [https://one.example, https://two.example]
record: {keep: 30d, max: 200MiB}
advanced: {detection: {cusum_p0: 0.02}}
"""

MANY = 300
"""Entries of a list or mapping that is much too long."""


def hostile(number: int, good: str = BASE) -> bytes:
    """Return the file of that number; one in four has its keys from the schema, the others are damaged."""
    luck = Random(number)
    if number % 4 == 0:
        return grown(luck).encode()
    text = good
    for _ in range(luck.randint(1, 5)):
        text = luck.choice(DAMAGES)(luck, text)
    data = text.encode()
    return _spoilt(luck, data) if luck.random() < 0.1 else data


def _spoilt(luck: Random, data: bytes) -> bytes:
    """Return bytes that are no UTF-8 in places, or another encoding altogether."""
    if luck.random() < 0.2:
        return data.decode().encode(luck.choice(("utf-16", "utf-16-be", "utf-32", "utf-7", "cp1252")), "replace")
    for _ in range(luck.randint(1, 4)):
        at = luck.randrange(len(data) + 1)
        data = data[:at] + luck.randbytes(luck.randint(1, 3)) + data[at + luck.randint(0, 2) :]
    return data


def _replaced(luck: Random, text: str) -> str:
    lines = text.splitlines()
    at = luck.randrange(len(lines)) if lines else 0
    if lines and ": " in lines[at]:
        places = [place for place in range(len(lines[at])) if lines[at].startswith(": ", place)]
        cut = luck.choice(places) + 2
        ends = [end for end in (lines[at].find(mark, cut) for mark in (",", "}", "]")) if end > 0]
        rest = lines[at][min(ends) :] if ends and luck.random() < 0.9 else ""
        lines[at] = lines[at][:cut] + value(luck) + rest
    return "\n".join(lines) + "\n"


def _without_a_line(luck: Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    at = luck.randrange(len(lines) + 1)
    del lines[at : at + luck.randint(1, 3)]
    return "".join(lines)


def _doubled(luck: Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    at = luck.randrange(len(lines)) if lines else 0
    copies = luck.choice((1, 2, MANY))
    for number in range(copies if lines else 0):
        lines.insert(at, lines[at].replace(":", f"{number}:", 1))
    return "".join(lines)


def _indented(luck: Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(luck.randint(1, 4)):
        if lines:
            at = luck.randrange(len(lines))
            lines[at] = " " * luck.randint(0, 12) + lines[at].lstrip()
    return "".join(lines)


def _cut(luck: Random, text: str) -> str:
    return text[: luck.randrange(len(text) + 1)]


def _sprinkled(luck: Random, text: str) -> str:
    for _ in range(luck.randint(1, 6)):
        at = luck.randrange(len(text) + 1)
        text = text[:at] + luck.choice(":{}[],&*#?|>'\"%@`!-\n\t\\\0\x1b") + text[at + luck.randint(0, 2) :]
    return text


def _swapped(luck: Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    luck.shuffle(lines)
    return "".join(lines)


DAMAGES: tuple[Callable[[Random, str], str], ...] = (
    *(_replaced,) * 6,
    *(_without_a_line, _doubled, _indented, _cut, _sprinkled, _swapped),
)
