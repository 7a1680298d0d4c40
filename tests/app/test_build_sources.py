"""What is wired to be looked at: dependencies that do not flap, control targets under the policy's names."""

from tests.clocks import FakeClock
from tests.settings.texts import SMALL, loaded
from watchdog.adapters.signals.render_events import DependencyEvents
from watchdog.adapters.signals.vendor_status import VendorStatus
from watchdog.app.build import build_sources
from watchdog.daemon.translate import CONTROL, VENDORS

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
    assert set(kinds) == set(settings.policy.vendors)
    assert [source.name for source in by_place["web"]] == ["home"]
    for _, source in sources:
        await source.close()
