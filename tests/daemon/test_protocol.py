"""The quantities of the protocol: the rules between them, held by what is shipped."""

import inspect
from dataclasses import fields, replace

import pytest

from watchdog.adapters.http import ApiClient
from watchdog.daemon.protocol import SHIPPED, no_hook


def test_what_is_shipped_keeps_its_own_rules() -> None:
    """The guard is over before the lease may be, and the settle window outlasts whatever may still arrive."""
    assert SHIPPED.broken_rules() == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [("guard_seconds", 8.0), ("lease_seconds", 5.0), ("settle_seconds", 25.0), ("post_seconds", 17.0)],
)
def test_a_quantity_that_breaks_a_rule_is_named(field: str, value: float) -> None:
    """With the numbers."""
    (rule,) = replace(SHIPPED, **{field: value}).broken_rules()
    assert f"{value:g} s" in rule or "deadline + guard + landing" in rule


def test_a_list_must_be_waited_for_longer_than_the_window() -> None:
    """Else an unreadable list would end what a readable one could still settle."""
    assert replace(SHIPPED, lost_seconds=30.0).broken_rules() == ("lost 30 s > settle 30 s",)


def test_the_client_gives_up_before_the_protocol_does() -> None:
    """So that its own words about a lost answer are what people read."""
    client = inspect.signature(ApiClient.__init__).parameters["timeout_seconds"].default
    assert client < SHIPPED.post_seconds


def test_every_quantity_is_positive() -> None:
    """A zero would be a step left out."""
    assert all(getattr(SHIPPED, field.name) > 0 for field in fields(SHIPPED))


async def test_the_hook_does_nothing_in_production() -> None:
    """It is for fault tests."""
    await no_hook("before_send")
