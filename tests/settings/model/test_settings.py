"""Settings: nothing can change them; some wait for Render to give a name's id."""

import dataclasses
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import BaseModel

from tests.settings.texts import SMALL, changed, loaded
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import ConfigurationError
from watchdog.settings import resolve_names

MORE = """\
metrics: {hosts: [m.acme.example]}
console: {proxy: {user_header: X-User, from: [127.0.0.1], approvers: [ann]}}
dependencies: {mail: {vendor_status: "https://s.example/s.json", components: [API]}}
private_hosts: [db]
status_pages: {shop: {title: Shop, services: [web], names: {web: Acme}}}
checklists: {down: {title: Down, items: {cache: Purge it}}}
"""


def inside(value: Any) -> Iterator[Any]:
    """Yield a value and all that it holds, but for the options of adapters."""
    yield value
    if isinstance(value, BaseModel):
        parts = [getattr(value, name) for name in type(value).model_fields]
    elif dataclasses.is_dataclass(value):
        parts = [getattr(value, one.name) for one in dataclasses.fields(value)]
    else:
        parts = [*(value.values() if isinstance(value, Mapping) else value if isinstance(value, (tuple, list)) else ())]
    for part in parts:
        yield from inside(part)


def test_nothing_of_the_settings_can_be_changed() -> None:
    settings = loaded(SMALL + MORE)
    none: Mapping[str, Any] = MappingProxyType({})
    found = list(inside(dataclasses.replace(settings, services=none, channels=none)))
    assert {"ann", "API", "db", "Acme"} <= {one for one in found if isinstance(one, str)}, (
        "the walk reaches what is written"
    )
    assert [one for one in found if isinstance(one, (list, dict, set))] == []
    assert all(isinstance(one, MappingProxyType) for one in (settings.dependencies, settings.policy.services))
    with pytest.raises(ValueError, match="frozen"):
        settings.metrics.every = 1.0  # type: ignore[misc]


FOUND = (ServiceFacts("srv-1", "acme site"), ServiceFacts("srv-2", "other"))


def test_a_service_named_by_its_name_is_resolved_later_and_its_id_beside_it_is_found_out() -> None:
    """Two incidents would act on one service."""
    settings = loaded(changed("srv-web", "acme site"))
    assert settings.policy.services["web"].platform_id is None and settings.unresolved == {"web": "acme site"}
    resolved = resolve_names(settings, FOUND)
    assert resolved.policy.services["web"].platform_id == "srv-1" and not resolved.unresolved
    other = "  api: {render: srv-1, signals: {a: {http: https://x.example}}}\n"
    settings = loaded(changed("srv-web", "acme site").replace("channels:", other + "channels:"))
    with pytest.raises(ConfigurationError, match="guarded twice"):
        resolve_names(settings, FOUND)


@pytest.mark.parametrize(
    ("found", "own_id", "says"),
    [
        ((), "", "no service of that name"),
        ((*FOUND, ServiceFacts("srv-3", "acme site")), "", "write the id of one: srv-1, srv-3"),
        (FOUND, "srv-1", "this is the watchdog itself"),
    ],
)
def test_a_name_must_mean_one_service_that_is_not_the_watchdog(
    found: tuple[ServiceFacts, ...], own_id: str, says: str
) -> None:
    settings = loaded(changed("srv-web", "acme site"), {"RENDER_SERVICE_ID": own_id})
    with pytest.raises(ConfigurationError, match=says) as caught:
        resolve_names(settings, found)
    assert str(caught.value).startswith("watchdog.yaml: services.web.render: ")
