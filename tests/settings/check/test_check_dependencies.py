"""Services that always fail together are proposed as dependencies, with the line to write."""

import asyncio
from dataclasses import replace

import pytest

from tests.core.scenes import an_incident
from tests.settings.texts import SMALL, loaded
from watchdog.domain.policy import ServicePolicy
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
