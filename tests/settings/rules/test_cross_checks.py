"""Checks between sections."""

import pytest

from tests.settings.texts import SMALL, changed, shown
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.domain.commands.human_command import ALL

API = "  api:\n    render: srv-api\n    signals:\n      home: {http: https://api.acme.example}\n"
WEB = "srv-api\n    depends_on: [web]"
TWO = SMALL.replace("channels:", API + "channels:")


def relying(on: str, text: str = SMALL) -> str:
    return changed("    signals", f"    depends_on: [{on}]\n    signals", text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (changed("version: 1\n", ""), "watchdog.yaml:1: version: missing -> add version: 1"),
        (changed("version: 1", "version: '1'"), "watchdog.yaml:1: version: not a version we know"),
        (changed("version: 1", "version: 2"), "watchdog.yaml:1: version: not a version we know"),
        ("version: 1\n", "services: missing"),
        ("version: 1\nservices: {}\n", "watchdog.yaml:2: services: nothing to guard"),
        ("version: 1\nservices: 5\n", "watchdog.yaml:2: services: wrong type -> write a mapping"),
        ("version: 1\nservices: {web: {render: srv-x}}", "services.web.signals: nothing to look at"),
        (changed("web:", "'w b':"), "services.w b: not a name we can use"),
        (changed("srv-web", "dpg-main"), "watchdog.yaml:4: services.web.render: a data store cannot be rolled back"),
        (changed("srv-api", "srv-web", TWO), "watchdog.yaml:8: services.api.render: the same service as services.web"),
        (changed("    render: srv-web", "    veto: 60s"), "veto: impossible: no automatic rollback in mode obse"),
        (changed("render: srv-web", "mode: assist"), "services.web.render: missing: mode assist needs a service"),
        (relying("web"), "depends_on[0]: a service cannot depend on itself"),
        (relying("render, q"), "depends_on[1]: names no service"),
        (relying("api, api", TWO), "depends_on[1]: named twice"),
        (relying("api", TWO.replace("srv-api", WEB)), "services.web.depends_on: depends on itself in a circle"),
        (SMALL + "dependencies: {db: {}}", "dependencies.db: one way to watch it"),
        (
            SMALL + "dependencies: {db: {render: dpg-1, components: [API]}}",
            "dependencies.db.components: only a status page",
        ),
        (SMALL + "dependencies: {web: {render: dpg-1}}", "dependencies.web: already the name of a service"),
        (SMALL + "dependencies: {db: {render: my database}}", "dependencies.db.render: not a Render id"),
        (SMALL + "vendor_status: [rendr]", "watchdog.yaml:9: vendor_status[0]: no status page known by that name"),
        (SMALL + "vendor_status: [render, render]", "vendor_status: names one twice -> write each once"),
        (SMALL + "vendor_status: render", "vendor_status: not a list of status pages"),
        (SMALL + "vendor_status: {x: 'http://status.example'}", "vendor_status.x: not encrypted -> write https://"),
        (SMALL + "control: [example.com]", "watchdog.yaml:9: control[0]: not a web address"),
        (SMALL + "control: [https://a.example, https://a.example/]", "control[1]: named twice"),
        *((changed("web:", f"{one}:"), f"services.{one}: a word of the wat") for one in (CONTROL, VENDORS, ALL)),
        (SMALL + "store: postgresql", "watchdog.yaml:9: store: store: postgresql needs a secret that is not set"),
        (SMALL + "store: postgresql://db", "store: not a PostgreSQL url -> write postgresql://user:password@host"),
        (SMALL + "store: postgres://me:CANARY@db/x", "set WATCHDOG_STORE_URL (and write store: postgresql)"),
        (SMALL + "store: watchdog.db", "store: not a store -> write sqlite:///watchdog.db"),
        (SMALL + "endpoints: {render: 'http://api.example'}", "endpoints.render: not encrypted"),
        (SMALL + "metrics: {listen: '9464'}", "metrics.listen: not an address to listen on"),
        (SMALL + "metrics: {listen: 'x:99999'}", "metrics.listen: not an address to listen on"),
        (SMALL + "metrics: {remote_write_user: me}", "metrics.remote_write_user: useless without remote_write"),
        (SMALL + "budget: {per_service_per_day: 0}", "budget.per_service_per_day: too small -> write 1 or more"),
        (SMALL + "budget: {per_service_per_day: '2'}", "budget.per_service_per_day: wrong type -> write a whole"),
        (SMALL + "budget: {cooldown: 30}", "budget.cooldown: a duration needs a unit -> write 30s"),
        (SMALL + "budget: {cooldown: 0s}", "budget.cooldown: not a sensible duration"),
        (SMALL + "log: {level: loud}", "log.level: not one of the choices -> write one of: debug, info"),
        (SMALL + "record: {keep: 30}", "record.keep: a duration needs a unit -> write 30s, 30ms or 30m"),
        (
            SMALL + "record: {keep: 1m}",
            "record.keep: not a sensible time to keep recordings -> write something from 1h to",
        ),
        (SMALL + "record: {max: 1MiB}", "record.max: not a sensible bound -> write something from 8MiB to 100GiB"),
        (SMALL + "record: {max: lots}", "record.max: not a size -> write a number and a unit"),
        (SMALL + "record: {folder: 's3://bucket/x'}", "record.folder: not a folder -> write recordings, or /var/data"),
        (SMALL + "record: {enabled: 1}", "record.enabled: wrong type -> write true or false"),
        (SMALL + "record: {kep: 30d}", "record.kep: unknown key -> did you mean keep?"),
        (SMALL + "record: off", "record: wrong type -> write a mapping"),
        (SMALL + "advanced: {pace: {suspect: 20s}}", "suspect: impossible: suspect must be less than idle"),
        (SMALL + "advanced: {pace: {watch: 20s}}", "pace.watch: impossible: watch must be less than idle"),
        (SMALL + "advanced: {pace: {suspect_in_watch: 9s}}", "impossible: suspect_in_watch must be less than watch"),
        (SMALL + "advanced: {blame: {human: 1m}}", "blame.human: impossible: answer must be less than human"),
        (SMALL + "advanced: {verification: {late: 1h}}", "late: impossible: late must be less than give_up"),
        (SMALL + "advanced: {verification: {seconds: 1h}}", "seconds: impossible: seconds must be less than give_up"),
        (SMALL + "advanced: {detection: {cusum_p0: 0.9}}", "cusum_p0: impossible: cusum_p0 must be less than cusum_p1"),
        (SMALL + "advanced: {detection: {cusum_limit: 9}}", "advanced.detection.cusum_limit: impossible: the sum"),
        (SMALL + "advanced: {detection: {cusum_limit_in_watch: 30}}", "cusum_limit_in_watch: impossible: the sum"),
        (SMALL + "advanced: {blame: {floor: 1.5}}", "advanced.blame.floor: too large -> write less than 1"),
        (SMALL + "advanced: {detection: {run_seconds: 45}}", "unknown key -> did you mean run"),
        (SMALL + "heartbeat: pagerduty", "watchdog.yaml:9: heartbeat: not available in this version"),
        (changed("console", "tickets"), "channels.tickets: one place for tickets, please -> write one of: github"),
        (changed("console", "slak"), "channels.slak: unknown channel -> did you mean slack?"),
        (changed("console: {}", "slack: []"), "channels.slack: wrong type -> write a mapping"),
        (
            changed("http: https://www.acme.example", "sentry_cron: x"),
            "home.sentry_cron: not available in this version",
        ),
        (changed("http:", "htp:"), "home.htp: unknown kind of signal -> did you mean http?"),
        (changed("https:", "ftp:"), "watchdog.yaml:6: services.web.signals.home.http: "),
        (changed("http:", "p95: 800, latency:"), "signals.home.p95: a duration needs a unit -> write 800s"),
        (changed("{http: https://www.acme.example}", "{}"), "signals.home: names nothing to check"),
        (changed("{http: https://www.acme.example}", "[]"), "signals.home: wrong type -> write a mapping"),
    ],
)
def test_each_mistake_alone_is_found_and_located(text: str, says: str) -> None:
    assert says in shown(text)


def test_the_watchdog_never_guards_itself() -> None:
    assert "this is the watchdog itself" in shown(SMALL, {"RENDER_SERVICE_ID": "srv-web"})
    by_name = changed("srv-web", "my-dog")
    assert "this is the watchdog itself" in shown(by_name, {"RENDER_SERVICE_NAME": "my-dog"})
    assert not shown(SMALL, {"RENDER_SERVICE_ID": "srv-dog", "RENDER_SERVICE_NAME": "my-dog"})
