"""Single values of the file."""

import re

import pytest

from tests.settings.texts import SMALL, loaded, shown
from watchdog.adapters.signals import SIGNALS
from watchdog.settings.load.secrets import KNOWN
from watchdog.settings.schema.schema import LATER, PLATFORM_ID, Shape
from watchdog.settings.schema.written_values import NAME


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("acme-api", True),
        ("DB.acme.internal", True),
        ("10.1.2.3", True),
        ("fd00::1", True),
        ("http://acme-api", False),
        ("acme-api:8080", False),
        ("*.internal", False),
        ("10.0.0.0/8", False),
        ("", False),
    ],
)
def test_private_hosts_are_names_alone(host: str, is_one: bool) -> None:
    text = SMALL + f'private_hosts: ["{host}"]\n'
    if is_one:
        assert loaded(text).private_hosts == (host.lower(),)
    else:
        assert "not a host" in shown(text)


def test_names_and_ids() -> None:
    """A name is a word; an id begins as Render's do."""
    assert NAME.fullmatch("web-1_x") and not NAME.fullmatch("-web")
    assert not NAME.fullmatch("x" * 41) and PLATFORM_ID.fullmatch("srv-abc123")
    assert not PLATFORM_ID.fullmatch("acme-srv-1")


def test_what_is_named_instead_of_a_later_key_exists() -> None:
    """The advice of a message must not be refused: the variables, keys and signals, and no others, are ours."""
    words = " ".join(LATER.values())
    assert set(re.findall(r"WATCHDOG_\w+", words)) == {"WATCHDOG_HEARTBEAT_URL"} <= set(KNOWN)
    assert set(re.findall(r"(\w+): ", words)) == set()
    assert set(re.findall(r"watch (\w+)", words)) == {"render_events"} <= set(SIGNALS)
    assert set(LATER) & set(Shape.model_fields) == set()
