"""Services that always fail together are proposed as dependencies, with the line to write."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.scenes import a_service, an_incident
from tests.settings.texts import SMALL, loaded
from tests.settings.vendors import by_name
from tests.support.clocks import FakeClock
from tests.support.stores import store_at
from watchdog.app.commands import live_queries
from watchdog.domain.incidents import State
from watchdog.domain.policy import ServicePolicy
from watchdog.domain.store_records import Write
from watchdog.settings.check.check_dependencies import check_dependencies

HOUR = 3600.0
NAMES = ("web", "api", "jobs", "mail")


def found(onsets: dict[str, tuple[float, ...]], **depends_on: tuple[str, ...]) -> dict[str, str]:
    """Return the fix of each proposal, by its name, after incidents at these hours."""
    settings = loaded(SMALL)
    services = {name: ServicePolicy(name, f"srv-{name}", depends_on=depends_on.get(name, ())) for name in NAMES}
    settings = replace(settings, policy=replace(settings.policy, services=services))
    incidents = [an_incident(service=name, onset_at=HOUR * at) for name, hours in onsets.items() for at in hours]
    results = asyncio.run(check_dependencies(settings, incidents))
    return {result.name: result.fix for result in results}


NEAR = 59.0 / HOUR


@pytest.mark.parametrize(
    ("onsets", "proposed"),
    [
        pytest.param(
            {"web": (1, 2, 3), "api": (1, 2 + NEAR, 3 - NEAR, 9)}, {"dependencies of web": "api"}, id="caller"
        ),
        pytest.param({"web": (1, 2, 3, 9), "api": (1, 2, 3)}, {"dependencies of api": "web"}, id="the other is"),
        pytest.param({"web": (1, 2), "api": (1, 2, 9)}, {}, id="two incidents say nothing"),
        pytest.param({"web": (1, 2, 3), "api": (1, 2, 3.02)}, {}, id="a minute apart once"),
        pytest.param({"web": (1, 2, 3, 4), "api": (1, 2, 3, 5)}, {}, id="each failed alone once"),
        pytest.param(dict.fromkeys(NAMES, (1, 2, 3)), {}, id="all at once: a common cause"),
        pytest.param({"web": (1, 2, 3), "gone": (1, 2, 3)}, {}, id="no longer guarded"),
    ],
)
def test_the_one_that_never_failed_alone_is_proposed_as_the_caller(
    onsets: dict[str, tuple[float, ...]], proposed: dict[str, str]
) -> None:
    """Within a minute of the other each time, three times at least."""
    fixes = found(onsets)
    assert fixes.keys() == proposed.keys()
    for name, other in proposed.items():
        line = f"services.{name.split()[-1]}.depends_on: [{other}]"
        assert fixes[name] == f"if one relies on the other, write {line}; until then they count as strangers"


def test_two_that_never_failed_alone_may_depend_either_way_and_declared_ones_are_no_news() -> None:
    """Also where the one relies on the other through a third."""
    both = {"web": (1.0, 2.0, 3.0), "api": (1.0, 2.0, 3.0)}
    lines = "services.api.depends_on: [web] or services.web.depends_on: [api]"
    assert lines in found(both)["dependencies of api"]
    assert found(both, web=("jobs",), jobs=("api",)) == found(both, api=("web",)) == {}


async def test_the_live_check_reads_the_record(tmp_path: Path) -> None:
    """Its rows stand among those of the signals."""
    services = "".join(f'  {name}: {{signals: {{home: {{http: "http://127.0.0.1:1"}}}}}}\n' for name in ("web", "api"))
    head = f"version: 1\nstore: sqlite:///{tmp_path}/watchdog.db\ncontrol: []\nvendor_status: []\n"
    settings = loaded(f"{head}channels: {{console: {{}}}}\nservices:\n{services}")
    store = store_at(settings.store_url, FakeClock())
    await store.open()
    for number in (1, 2, 3):
        incidents = [an_incident(id=f"{one}-{number}", service=one, onset_at=HOUR * number) for one in ("web", "api")]
        state = State(services={one.service: a_service(name=one.service, incident=one) for one in incidents})
        await store.save(Write(state))
    await store.close()
    found = by_name(await live_queries.check(settings))
    assert found["dependencies of api"].what == "each of its 3 incidents began within 60 s of one of web"
    assert "signal web/home" in found
