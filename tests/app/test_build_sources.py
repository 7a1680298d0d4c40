"""What is wired to be looked at: dependencies that do not flap, control targets under the policy's names."""

from tests.adapters.vendor import Vendor
from tests.settings.texts import SMALL, loaded
from tests.support.clocks import FakeClock
from tests.support.loopback import serve
from watchdog.adapters.signals.render_events import DependencyEvents
from watchdog.adapters.signals.vendor_status import VendorStatus
from watchdog.app.compose.composition import build_sources
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.domain.readings import Bad, Good, Unknown, Unread

DEPENDENCIES = "{db: {render: dpg-main}, openai: {vendor_status: https://s.example/summary.json}}"
TEXT = f"{SMALL}dependencies: {DEPENDENCIES}\ncontrol: [https://one.example, https://two.example]\n"


async def test_every_source_has_the_name_the_policy_knows_it_by() -> None:
    """A database on the platform stays bad until it was quiet; a control target is named by its URL."""
    settings = loaded(TEXT)
    sources = build_sources(settings, FakeClock(), None)
    by_place = {place: [source for name, source in sources if name == place] for place in ("web", CONTROL, VENDORS)}
    assert [source.name for source in by_place[CONTROL]] == list(settings.policy.control)
    kinds = {source.name: type(source) for source in by_place[VENDORS]}
    assert (kinds["db"], kinds["openai"]) == (DependencyEvents, VendorStatus)
    assert set(kinds) == set(settings.policy.vendors) and [source.name for source in by_place["web"]] == ["home"]
    for _, source in sources:
        await source.close()


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
