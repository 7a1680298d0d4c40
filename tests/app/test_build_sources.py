"""What is wired to be looked at of a status page: the components that are used."""

from tests.adapters.vendor import Vendor
from tests.settings.texts import SMALL, loaded
from tests.support.clocks import FakeClock
from tests.support.loopback import serve
from watchdog.app.compose.composition import build_sources
from watchdog.domain.readings import Bad, Good, Unknown, Unread


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
