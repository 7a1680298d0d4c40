"""The composition root: what is wired follows from the configuration, and nothing is started by wiring it."""

from pathlib import Path

import pytest

from tests.app.scenes import URLS, settings_of, watching, wired
from watchdog.adapters.signals.render_events import DependencyEvents
from watchdog.adapters.signals.vendor_status import VendorStatus
from watchdog.app.compose.composition import build_platform, resolve
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.probing.scheduler import Lateness
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import Refused
from watchdog.domain.events import TimePassed
from watchdog.domain.readings import Bad, Good
from watchdog.ports import Sample, WritablePlatform
from watchdog.settings.load.load import load
from watchdog.settings.rules.required_secrets import RENDER_KEY

DATABASE = "  database: {render: dpg-main}\nchannels:"


@pytest.mark.parametrize(("mode", "may_write"), [("observe", False), ("assist", True), ("autonomous", True)])
async def test_observe_gets_a_client_that_can_only_get(tmp_path: Path, mode: str, may_write: bool) -> None:
    """No mode but assist and autonomous is given the calls that change anything."""
    async with wired(settings_of(tmp_path, mode)) as app:
        assert app.platform is not None and app.platform.can_write == may_write
        assert isinstance(app.platform, WritablePlatform) == may_write
        assert app.scheduler.in_flight == 0 and app.supervisor.names() == ()


async def test_only_the_services_that_may_be_changed_are_writable(tmp_path: Path) -> None:
    client = build_platform(settings_of(tmp_path), SystemClock())
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
        assert app.engine.deploy_watches == {}
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
        assert set(app.notifiers) == {"slack", "pagerduty"} and set(app.engine.deploy_watches) == {"web"}


async def test_a_deploy_watch_that_goes_on_is_kept(tmp_path: Path) -> None:
    """Wired anew at a reload, a service keeps its watch (and so its pace)."""
    async with wired(settings_of(tmp_path)) as app:
        await watching(app)
        before, sources = app.engine.deploy_watches["web"], app.scheduler.sources()
        await app.watches.again(("web", CONTROL, VENDORS))
        assert app.engine.deploy_watches["web"] is before
        assert {source.name for _, source in app.scheduler.sources()} == {source.name for _, source in sources}
        assert not {id(source) for _, source in app.scheduler.sources()} & {id(source) for _, source in sources}


async def test_a_service_that_moves_away_is_no_longer_watched(tmp_path: Path) -> None:
    """Its sources are closed, its deploy watch ends; the control targets and status pages stay."""
    async with wired(settings_of(tmp_path)) as app:
        await watching(app)
        await app.watches.end(["web"])
        assert {service for service, _ in app.scheduler.sources()} == {CONTROL, VENDORS}
        assert app.engine.deploy_watches == {} and app.supervisor.names() == ()


async def test_ids_need_no_look_up(tmp_path: Path) -> None:
    """Names do: settings/model/test_settings.py."""
    settings = settings_of(tmp_path)
    assert await resolve(settings, SystemClock()) is settings


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
