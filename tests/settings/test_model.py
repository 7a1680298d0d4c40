"""Settings that wait for Render to tell a name's id."""

import pytest

from tests.settings.texts import changed, loaded
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import ConfigurationError
from watchdog.settings import resolve_names


def test_a_service_named_by_its_name_is_resolved_later() -> None:
    """Exactly one service must have that name."""
    settings = loaded(changed("srv-web", "acme site"))
    assert settings.policy.services["web"].platform_id is None
    assert settings.unresolved == {"web": "acme site"}
    found = (ServiceFacts("srv-1", "acme site"), ServiceFacts("srv-2", "other"))
    resolved = resolve_names(settings, found)
    assert resolved.policy.services["web"].platform_id == "srv-1"
    assert not resolved.unresolved
    for wrong in ((), (*found, ServiceFacts("srv-3", "acme site"))):
        with pytest.raises(ConfigurationError, match=r"services\.web\.render"):
            resolve_names(settings, wrong)
