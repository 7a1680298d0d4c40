"""A start that Render does not say the ids of named services to: what is watched with, and what no call is about."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.vendor import Vendor
from tests.app.scenes import wired
from tests.settings.texts import KEY, SMALL, loaded
from tests.support.clocks import PATIENCE_SECONDS, FakeClock, eventually
from tests.support.loopback import serve
from tests.support.stores import opened
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.app.compose.composition import build
from watchdog.app.compose.service_names import ASK_AGAIN_SECONDS, named
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import ConfigurationError, Forbidden, Permanent, Temporary
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import LeaseGrant, Write
from watchdog.ports import WritablePlatform
from watchdog.settings import Settings

NAMED = SMALL.replace("srv-web", "acme site\n    mode: autonomous")
KNOWN = ServiceFacts("srv-1", "acme site")


def listing(**names: str) -> list[Any]:
    """Return Render's list of services, by id without its prefix."""
    return [{"cursor": "c", "service": {"id": f"srv-{key}", "name": name}} for key, name in names.items()]


async def settings_of(
    url: str, folder: Path, clock: FakeClock, known: ServiceFacts | None, text: str = NAMED
) -> Settings:
    """Return the settings of a service by its name; their store remembers these facts of it."""
    more = f'endpoints: {{render: "{url}/v1"}}\nstore: "sqlite:///{folder}/watchdog.db"\n'
    settings = loaded(text + more, KEY)
    if known is not None:
        async with opened(settings.store_url, clock) as store:
            await store.renew_leases("before", ["web"], ttl_seconds=1.0)
            await store.save(Write(State(services={"web": ServiceState("web", facts=known)})))
    return settings


@pytest.mark.parametrize(
    ("known", "answer", "watched", "raised"),
    [
        (KNOWN, 401, "srv-1", Forbidden),
        (KNOWN, 500, "srv-1", Temporary),
        (KNOWN, listing(a="acme site", b="acme site"), "srv-1", Permanent),
        (KNOWN, listing(**{"1": "acme shop"}), "srv-1", Permanent),
        (ServiceFacts("srv-1", "acme shop"), listing(**{"1": "acme shop"}), "srv-1", Permanent),
        (None, 401, "acme site", Forbidden),
    ],
    ids=["refused", "away", "two of that name", "renamed at Render", "renamed while it ran", "never resolved"],
)
async def test_it_is_watched_and_nothing_is_asked_or_changed_until_render_says_which_it_is(
    tmp_path: Path, known: ServiceFacts | None, answer: Any, watched: str, raised: type[Exception]
) -> None:
    """By the id of before, or by none; once the name is that of another service, by that one's."""
    vendor, clock = Vendor(), FakeClock()
    async with serve(vendor) as url:
        vendor.say("GET", "/v1/services", answer)
        names = await named(await settings_of(url, tmp_path, clock, known), clock)
        assert names.ids == {"web": watched} and not names.certain.is_set()
        kept = MemoryStore(clock)
        app = build(names.settings, clock, on_error=lambda *_: None, store=kept, withheld=names.withheld)
        client = app.platform
        assert isinstance(client, WritablePlatform)
        for call in (
            client.facts(watched),
            client.deploys(watched),
            client.deploy(watched, "dep-1"),
            client.events(watched, 0.0),
            client.set_auto_deploy(watched, "off"),
            client.rollback(watched, "dep-1"),
            client.redeploy(watched, "c0ffee"),
        ):
            with pytest.raises(raised):
                await call
        assert {(seen.method, seen.path) for seen in vendor.seen} == {("GET", "/v1/services")}
        vendor.say("GET", "/v1/services", answer, listing(**{"1": "acme shop", "9": "acme site"}))
        await names.ask_until_certain(app)
        await app.close()
        assert names.ids == {"web": "srv-9"} and names.certain.is_set() and not names.withheld.ids


async def test_a_service_that_was_renamed_keeps_no_other_from_being_rolled_back(tmp_path: Path) -> None:
    """Also one that is new, and that Render knows: only what is not certain is withheld."""
    shop = "services:\n  shop: {render: the shop, mode: autonomous, signals: {a: {http: https://s.example}}}\n"
    vendor, clock = Vendor(), FakeClock()
    async with serve(vendor) as url:
        vendor.say("GET", "/v1/services", listing(**{"1": "acme shop", "7": "the shop"}))
        text = NAMED.replace("services:\n", shop)
        names = await named(await settings_of(url, tmp_path, clock, KNOWN, text), clock)
        assert names.ids == {"shop": "srv-7", "web": "srv-1"} and not names.certain.is_set()
        assert names.withheld.ids == {"srv-1"}


async def test_a_name_that_was_just_written_wrong_ends_the_start(tmp_path: Path) -> None:
    """Its author reads the terminal. While the store cannot be read, it may be one that was renamed since.

    It is certain from the reload on that corrects it.
    """
    vendor, clock = Vendor(), FakeClock()
    async with serve(vendor) as url:
        vendor.say("GET", "/v1/services", listing(a="acme shop"))
        settings = await settings_of(url, tmp_path, clock, None)
        with pytest.raises(ConfigurationError, match="no service of that name"):
            await named(settings, clock)
        (tmp_path / "watchdog.db").write_bytes(b"no database at all" * 100)
        names = await named(settings, clock)
        assert not names.certain.is_set()
        async with wired(loaded(SMALL), clock) as app:
            # As a reload leaves it, of a file whose mistake is corrected.
            await names.ask_until_certain(app)
            assert names.settings is app.settings


class Away(MemoryStore):
    """A store that grants no lease while it is `gone`."""

    gone = True

    async def renew_leases(self, worker: str, names: Sequence[str], **more: Any) -> LeaseGrant:
        if self.gone:
            raise Temporary("the store does not answer")
        return await super().renew_leases(worker, names, **more)


async def test_it_does_not_begin_anew_while_its_store_is_away(tmp_path: Path) -> None:
    """What it watches and has paged is in its memory alone then, and would end with it."""
    vendor, clock = Vendor(), FakeClock()
    async with serve(vendor) as url:
        vendor.say("GET", "/v1/services", 500)
        names = await named(await settings_of(url, tmp_path, clock, KNOWN), clock)
        vendor.say("GET", "/v1/services", listing(**{"9": "acme site"}))
        kept = Away(clock)
        app = build(names.settings, clock, on_error=lambda *_: None, store=kept, withheld=names.withheld)
        await app.sharing.begin()
        app.supervisor.start("sharing", app.sharing.run)
        asking, began = asyncio.create_task(names.ask_until_certain(app)), clock.elapsed
        await eventually(lambda: clock.elapsed - began > 10 * ASK_AGAIN_SECONDS)
        assert not names.certain.is_set() and names.ids == {"web": "srv-1"}
        kept.gone = False
        await asyncio.wait_for(asking, PATIENCE_SECONDS)
        assert names.certain.is_set() and names.ids == {"web": "srv-9"}
        await app.supervisor.stop(5.0)
        await app.close()
