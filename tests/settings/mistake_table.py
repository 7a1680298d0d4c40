"""Mistakes that newcomers make in a configuration: the place of each, and the advice that the answer must give.

The last column: the part of it that an editor sees by the JSON Schema. `NO_YAML`: its YAML parser refuses the text
itself.
"""

from typing import NamedTuple

from tests.settings.texts import SMALL, changed

SEEN, UNSEEN, NO_YAML = "seen", "unseen", "no YAML"
SITE = "https://www.acme.example"


class Slip(NamedTuple):
    """One mistake."""

    name: str
    text: str
    line: int  # of the first answer that is about it
    instead: str  # stands in that answer's cure
    editor: str = SEEN


def service(more: str) -> str:
    """Return a configuration with one more line in the service (line 4)."""
    return changed("    render", f"    {more}\n    render")


def probe(more: str) -> str:
    return changed(f"http: {SITE}", f"http: {SITE}, {more}")


def signal(text: str) -> str:
    """Return one whose signal is that (line 6)."""
    return changed(f"home: {{http: {SITE}}}", text)


def channel(text: str) -> str:
    """Return one whose channel is that (line 8)."""
    return changed("console: {}", text)


VALUE, HOURS = "write the value itself", "write Mon-Fri 09:00-18:00 Europe/Berlin"
LIST, NOTHING = "a list has no names: write each below a name", "nothing stands below it: indent"
REMOVE, KIND = "remove it here, replace it at its vendor", "the kind of signal is the key: write http: "
GATUS = f'endpoints:\n  - name: web\n    url: {SITE}\n    interval: 30s\n    conditions: ["[STATUS] == 200"]\n'
HOOK = "https://hooks.slack.com/services/T0/B0/CANARY"
NO_ZONE = "silences: [{service: web, from: 2027-01-14T08:00, to: 2027-01-15T08:00, author: a, reason: b}]\n"
SUNDAYS = 'silences:\n  - {service: web, every: "0 2 * * 0", author: a, reason: b}\n'
KUMA = f"home: {{type: http, url: {SITE}, interval: 60, retryInterval: 60, maxretries: 3}}"
MISTAKES = (
    Slip("a tab", changed("    render", "\trender"), 4, "indent with spaces", NO_YAML),
    Slip("a tab among spaces", changed("signals:", "signals:\n\t  x: 1"), 6, "indent with spaces", NO_YAML),
    Slip("a space of a web page", changed("    render", "\u00a0   render"), 4, "type a plain space", NO_YAML),
    Slip("no space after a colon", changed("render: srv", "render:srv"), 4, "write key: value", NO_YAML),
    Slip("a channel without quotes", channel("slack: {channel: #ops}"), 8, 'as in channel: "#incidents"', NO_YAML),
    Slip("the same on a line", channel("slack:\n    channel: #ops"), 9, 'put it in quotes: channel: "#…"', UNSEEN),
    Slip("an open quote", changed(SITE, f'"{SITE}'), 6, 'close it with "', NO_YAML),
    Slip("an open single quote", changed("srv-web", "'srv-web"), 4, "close it with '", NO_YAML),
    Slip("typographic quotes", changed(SITE, f"“{SITE}”"), 6, "write https://host/path (or http://)"),
    Slip("a variable", changed("srv-web", "${SERVICE_ID}"), 4, VALUE),
    Slip("a variable within braces", changed(SITE, "${SITE_URL}"), 6, VALUE, NO_YAML),
    Slip("a variable of a shell", changed("srv-web", "$SERVICE_ID"), 4, VALUE),
    Slip("a secret's variable", channel("slack: {webhook_url: ${SLACK_URL}}"), 8, VALUE, NO_YAML),
    Slip("a template", changed("srv-web", "{{ service }}"), 4, VALUE, NO_YAML),
    Slip("cron as a window", SMALL + 'windows: {nights: "0 2 * * *"}\n', 9, HOURS),
    Slip("cron as a silence", SMALL + SUNDAYS, 10, HOURS),
    Slip("cron as a digest", SMALL + 'digest: {every: "0 9 * * 1", tell: [console]}\n', 9, "write Mon 09:00 Europe"),
    Slip("cron's short word", SMALL + 'windows: {nights: "@daily"}\n', 9, HOURS),
    Slip("cron without quotes", SMALL + "windows: {nights: */5 * * * *}\n", 9, "write hours, as in Sun 02:0", NO_YAML),
    Slip("cron as an interval", probe('every: "*/5 * * * *"'), 6, "write a number and a unit"),
    Slip("a window without a zone", SMALL + "windows: {nights: Mon-Sun 02:00-04:00}\n", 9, HOURS),
    Slip("a moment without a zone", SMALL + NO_ZONE, 9, "write 2027-01-14T08:00Z, or +01:00 for another zone"),
    Slip("endpoints of Gatus", GATUS, 1, "For sites, write services: {web: {signals: "),
    Slip("a url as in Gatus", signal(f"home: {{url: {SITE}, interval: 30s}}"), 6, KIND),
    Slip("its interval", probe("interval: 30s"), 6, "write every: 30s"),
    Slip("its conditions", probe('conditions: ["[STATUS] == 200"]'), 6, "write status: 2xx, contains: "),
    Slip("its alerting", SMALL + "alerting: {slack: {}}\n", 9, "write channels: {slack: {}}, pagerduty"),
    Slip("a monitor of Uptime Kuma", signal(KUMA), 6, KIND),
    Slip("its monitors", f"monitors:\n  - {{type: http, url: {SITE}}}\n", 1, "write services: {web: {signals: "),
    Slip("a url of the service", service(f"url: {SITE}"), 4, "below signals: {home: {…}}, "),
    Slip("a list of services", "version: 1\nservices:\n  - name: web\n    render: srv-web\n", 2, LIST),
    Slip("a list of signals", signal(f"- {{http: {SITE}}}"), 5, LIST),
    Slip("a list of channels", changed("  console: {}", "  - slack"), 7, LIST),
    Slip("a channel of nothing", channel("slack:"), 8, 'or write slack: {channel: "#incidents"}'),
    Slip("a channel of text", channel("slack: '#ops'"), 8, 'write a mapping, as in slack: {channel: "#incidents"}'),
    Slip("a signal of text", signal(f"home: {SITE}"), 6, "write a mapping, as in home: {http: https"),
    Slip("a rule of text", SMALL + "policy:\n  critical: rollback\n", 10, "as in critical: {do: ask}"),
    Slip("text for a list", service("depends_on: db"), 4, "write a list, as in [one, two]"),
    Slip("services of nothing", "version: 1\nservices:\n", 2, NOTHING),
    Slip("services not indented", "version: 1\nservices:\nweb:\n  render: srv-web\n", 2, NOTHING),
    Slip("text without a unit", probe('every: "30"'), 6, "write 30s, 30ms or 30m"),
    Slip("a number without a unit", probe("every: 30"), 6, "write 30s, 30ms or 30m"),
    Slip("a unit in full", probe("every: 30 seconds"), 6, "write 30s"),
    Slip("another tool's unit", probe("every: 5min"), 6, "write 5m"),
    Slip("megabytes", probe("max_body: 1MB"), 6, "write 1MiB"),
    Slip("a tag of two words", service("tags: [the shop]"), 4, "up to 40 letters"),
    Slip("an objective without %", service("objective: 99.9"), 4, "as in 99.9%"),
    Slip("an objective as a share", service("objective: 0.999"), 4, "as in 99.9%"),
    Slip("a rate without a unit", signal("e: {sentry: acme/web, limit: 20}"), 6, "as in 20/min"),
    Slip("a secret", channel(f'slack: {{webhook_url: "{HOOK}"}}'), 8, REMOVE),
    Slip("a key of Render", service("api_key: rnd_CANARYCANARY"), 4, REMOVE),
    Slip("a key by name", SMALL + "render_api_key: abc\n", 9, "set the variable WATCHDOG_RENDER_API_KEY"),
    Slip("a password in a url", changed(SITE, "https://u:CANARY@www.acme.example"), 6, REMOVE),
    Slip("a database's password", SMALL + "store: postgresql://u:CANARY@h/db\n", 9, REMOVE, UNSEEN),
    Slip("a url without a scheme", changed(SITE, "www.acme.example"), 6, "write https://host/path (or http://)"),
    Slip("a dashboard's address", changed("srv-web", "https://dashboard.render.com/web/srv-web"), 4, "its last part"),
    Slip("a mode misspelt", service("mode: autonomus"), 4, "write one of: observe, assist, autonomous"),
    Slip("a mode that is none", changed("version: 1", "version: 1\nmode: off"), 2, "write one of: observe, assist"),
    Slip("no version", changed("version: 1\n", ""), 1, "add version: 1"),
    Slip("a version in quotes", changed("version: 1", 'version: "1"'), 1, "write version: 1"),
    Slip("yes in quotes", service("rollback_safe: 'yes'"), 4, "write true or false"),
    Slip("a path from the root", SMALL + "migrations: {paths: [/db/migrate/**]}\n", 9, "without a first /"),
    Slip("a path of Windows", service("migrations: {paths: ['db\\migrate']}"), 4, "from the repository's top"),
    Slip("a marker of nothing", SMALL + "migrations: {marker: ''}\n", 9, "at least 5"),
    Slip("a key twice", SMALL + "channels: {slack: {}}\n", 9, "keep one of them", UNSEEN),
    Slip("a status in words", probe("status: ok"), 6, "write a number from 100 to 599"),
    Slip("a mail server alone", channel("email: {smtp: mail.acme.example, from: a@b.c, to: [a@b.c]}"), 8, "host:port"),
    Slip("a remedy there is not", SMALL + "policy: {critical: {do: restart}}\n", 9, "write one of: rollback, ask"),
    Slip("one control target", SMALL + "control: https://example.com\n", 9, "write a list, as in [one, two]"),
    Slip("a port alone", SMALL + "metrics: {listen: 9464}\n", 9, 'write "127.0.0.1:9464"'),
    Slip("a port with a colon", SMALL + 'metrics: {listen: ":9464"}\n', 9, 'write "127.0.0.1:9464"'),
    Slip("a store's path", SMALL + "store: /var/data/watchdog.db\n", 9, "sqlite:////var/data/watchdog.db"),
    Slip("nothing at all", "", 1, "start from what watchdog init writes"),
)
