"""The composition root: what is wired follows from the configuration, and nothing is started by wiring it."""

from operator import attrgetter
from pathlib import Path

import pytest

from tests.adapters.vendor import Vendor
from tests.app.scenes import URLS, settings_of, watching, wired
from tests.settings.texts import SMALL, loaded
from tests.support.clocks import FakeClock
from tests.support.loopback import serve
from watchdog.adapters.signals.render_events import DependencyEvents
from watchdog.adapters.signals.vendor_status import VendorStatus
from watchdog.app.compose.composition import build_platform, build_sources, resolve
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.probing.scheduler import Lateness
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import Refused
from watchdog.domain.events import TimePassed
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.readings import Bad, Good, Unknown, Unread
from watchdog.domain.severity import Severity
from watchdog.ports import Sample, WritablePlatform
from watchdog.sandbox import keys
from watchdog.settings.load.load import load
from watchdog.settings.rules.required_secrets import RENDER_KEY

TOKEN = {"WATCHDOG_PAGERDUTY_API_TOKEN": keys.PAGERDUTY_API_TOKEN}
DATABASE = "  database: {render: dpg-main}\nchannels:"


@pytest.mark.parametrize(("mode", "may_write"), [("observe", False), ("assist", True), ("autonomous", True)])
async def test_observe_gets_a_client_that_can_only_get(tmp_path: Path, mode: str, may_write: bool) -> None:
    """No mode but assist and autonomous is given the calls that change anything."""
    async with wired(settings_of(tmp_path, mode)) as app:
        assert app.platform is not None and app.platform.can_write == may_write
        assert isinstance(app.platform, WritablePlatform) == may_write
        assert app.scheduler.in_flight == 0 and app.supervisor.names() == ()


async def test_only_the_services_that_may_be_changed_are_writable(tmp_path: Path) -> None:
    """Their ids need no look-up; names do: settings/model/test_settings.py."""
    settings = settings_of(tmp_path)
    assert await resolve(settings, SystemClock()) is settings
    client = build_platform(settings, SystemClock())
    assert isinstance(client, WritablePlatform)
    with pytest.raises(Refused):
        await client.rollback("srv-api", "dep-1")
    await client.close()


async def test_without_a_key_it_watches_and_knows_no_deploys(tmp_path: Path) -> None:
    settings_of(tmp_path, "observe")
    (tmp_path / ".env").write_text("WATCHDOG_SENTRY_TOKEN=x\nWATCHDOG_SLACK_WEBHOOK_URL=http://127.0.0.1:1/x\n")
    path = tmp_path / "watchdog.yaml"
    path.write_text(path.read_text().replace("  pagerduty: {}\n", ""))
    settings = load(path, {}, tmp_path)
    assert RENDER_KEY not in settings.secrets and build_platform(settings, SystemClock()) is None
    async with wired(settings) as app:
        await watching(app)
        assert app.engine.dispatcher.deploy_watches == {}
        looked_at = {source.name for name, source in app.scheduler.sources() if name == "web"}
        assert looked_at == {"home", "api", "errors", "events"}


async def test_everything_that_is_configured_is_read(tmp_path: Path) -> None:
    """Under the policy's names: signals, control targets (their URLs), status pages and dependencies as vendors.

    A database on the platform stays bad until it was quiet.
    """
    settings = settings_of(tmp_path, **{"channels:": DATABASE})
    async with wired(settings) as app:
        await watching(app)
        read = {(service, source.name) for service, source in app.scheduler.sources()}
        assert {name for service, name in read if service == "web"} == set(settings.services["web"].signals)
        assert {name for service, name in read if service == CONTROL} == set(URLS["control"])
        assert set(settings.policy.control) == set(URLS["control"])
        kinds = {source.name: type(source) for service, source in app.scheduler.sources() if service == VENDORS}
        assert kinds == dict.fromkeys(("render", "sentry", "openai"), VendorStatus) | {"database": DependencyEvents}
        assert set(kinds) == set(settings.policy.vendors)
        assert app.actuator.stood_still == app.stall.stalled_since
        assert set(app.notifiers) == {"slack", "pagerduty"} and set(app.engine.dispatcher.deploy_watches) == {"web"}


async def test_a_deploy_watch_that_goes_on_is_kept_and_that_of_a_service_that_moves_away_ends(tmp_path: Path) -> None:
    """Wired anew at a reload, a service keeps its watch (and so its pace); moved away, its sources are closed.

    The control targets and status pages stay.
    """
    async with wired(settings_of(tmp_path)) as app:
        await watching(app)
        before, sources = app.engine.dispatcher.deploy_watches["web"], app.scheduler.sources()
        await app.watches.again(("web", CONTROL, VENDORS))
        assert app.engine.dispatcher.deploy_watches["web"] is before
        assert {source.name for _, source in app.scheduler.sources()} == {source.name for _, source in sources}
        assert not {id(source) for _, source in app.scheduler.sources()} & {id(source) for _, source in sources}
        await app.watches.end(["web"])
        assert {service for service, _ in app.scheduler.sources()} == {CONTROL, VENDORS}
        assert app.engine.dispatcher.deploy_watches == {} and app.supervisor.names() == ()


async def test_while_we_are_blind_no_failure_is_counted_as_a_service_s(tmp_path: Path) -> None:
    """What our own network breaks is not known, in the charts and for the error budget: neither watched nor lost."""
    async with wired(settings_of(tmp_path)) as app:
        await watching(app)
        app.supervisor.start("engine", app.engine.run)
        sources = app.scheduler.sources()
        home = next(one for name, one in sources if name == "web" and one.name == "home")
        for blind in (False, True):
            now = app.clock.now()
            for control in [one for name, one in sources if name == CONTROL]:
                reading = Bad("no answer") if blind else Good("200")
                await app.engine.on_samples(CONTROL, control, [Sample(reading)], Lateness(0.0, now, 0.1))
            await app.engine.submit_and_wait(TimePassed(now))
            await app.engine.on_samples("web", home, [Sample(Bad("no answer"))], Lateness(0.0, now, 0.1))
            rows = [row for row in app.minutes.flush() if row.service == "web"]
            said = [(row.bad, row.unknown, row.watched_seconds, row.why) for row in rows]
            seen, unseen = (1, 0, 60.0, "no answer"), (0, 1, 0.0, "no control target answers: no answer")
            assert said == [unseen if blind else seen]


async def test_only_the_components_that_are_used_make_an_upstream_ill() -> None:
    """Another region's outage acquits nobody of ours; a component that is named anew is no evidence."""
    rows = [
        {"id": name, "name": name, "group": False, "status": status}
        for name, status in (("US Ingestion", "operational"), ("EU Ingestion", "major_outage"))
    ]
    page, found = Vendor(), {}
    page.say("GET", "/summary.json", {"components": rows, "status": {"indicator": "major"}})
    async with serve(page) as url:
        for components in ("[US Ingestion]", "[]", "[us ingestion, Symbolication]"):
            one = f"{{vendor_status: {url}/summary.json, components: {components}}}"
            sources = build_sources(loaded(f"{SMALL}dependencies: {{tracker: {one}}}\n"), FakeClock(), None)
            (source,) = [source for _, source in sources if source.name == "tracker"]
            (sample,) = await source.read()
            found[components] = sample.reading
            for _, each in sources:
                await each.close()
    assert isinstance(found["[US Ingestion]"], Good) and isinstance(found["[]"], Bad)
    missing = found["[us ingestion, Symbolication]"]
    assert isinstance(missing, Unknown) and missing.cause is Unread.SHAPE and "Symbolication" in missing.why


@pytest.mark.parametrize(
    ("mode", "more", "change", "environ", "running"),
    [
        ("observe", "", {}, {}, set()),
        ("assist", "", {}, {}, {"merges"}),
        ("observe", "repository: github", {}, {}, {"merges", "suspect-commits", "authors", "migrations"}),
        ("observe", "", {}, TOKEN, {"responders"}),
        ("observe", "", {"pagerduty: {}": "pagerduty: {changes: true}"}, {}, {"change-events"}),
        ("observe", "", {"  pagerduty: {}\n": ""}, TOKEN, set()),
    ],
)
async def test_each_part_runs_only_where_it_is_asked_for(
    tmp_path: Path, mode: str, more: str, change: dict[str, str], environ: dict[str, str], running: set[str]
) -> None:
    """What runs beside the decisions is wired exactly where it is configured, and sees every step."""
    async with wired(settings_of(tmp_path, mode, more, environ=environ, **change)) as app:
        assert set(app.beside) == running
        steps = map(attrgetter("__self__.stepped"), app.beside.values())
        assert all(stepped in app.engine.listeners.stepped for stepped in steps)
        annotators = 2 if "suspect-commits" in running else 1
        assert {len(getattr(one, "annotators", ())) for one in app.notifiers.values()} == {annotators}


LEAD = "policy: {high: {approver: lead}}\ncontacts: {lead: {answers_as: [lead, 'token:lead']}}\n"
PROXY = "console: {proxy: {user_header: X-User, from: [127.0.0.1], approvers: [lead]}}\n"
ASKED = Incident("web-1", "web", Severity.HIGH, 1.0, 1.0, "slow", suspect="dep-42")


@pytest.mark.parametrize(("more", "words"), [(LEAD, ""), (LEAD + PROXY, "are of different versions")])
async def test_a_yes_of_the_console_before_is_refused_where_names_are_proven(
    tmp_path: Path, more: str, words: str
) -> None:
    """Its rows, as a worker of this version takes them: none tells the proxy's word from a token bearer's."""
    async with wired(settings_of(tmp_path, "assist", more)) as app:
        await watching(app)
        app.engine.state = State(services={"web": ServiceState("web", phase=Phase.ASKING, incident=ASKED)})
        app.supervisor.start("engine", app.engine.run)
        number = await app.store.submit("approve", {"incident": "web-1", "identity": "console:lead"}, "console:lead")
        await app.commands.apply_all()
        answered = await app.store.command(number)
        assert answered is not None and answered.done
        assert (words in answered.answer) if words else ("only lead may approve" not in answered.answer), answered
