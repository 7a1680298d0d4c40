"""The quantities of the protocol: the rules between them, held by what is shipped."""

import inspect
from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from watchdog.adapters.api_client import ApiClient
from watchdog.app.compose.composition import build
from watchdog.app.compose.daemon_run import run
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.actions.timings import SHIPPED


def test_what_is_shipped_keeps_its_own_rules() -> None:
    """The guard is over before the lease may be, and the settle window outlasts whatever may still arrive."""
    assert SHIPPED.violations() == ()
    assert all(getattr(SHIPPED, field.name) > 0 for field in fields(SHIPPED)), "a zero would be a step left out"


@pytest.mark.parametrize(
    ("field", "value"),
    [("guard_seconds", 8.0), ("lease_seconds", 5.0), ("settle_seconds", 25.0), ("post_seconds", 17.0)],
)
def test_a_quantity_that_breaks_a_rule_is_named(field: str, value: float) -> None:
    (rule,) = replace(SHIPPED, **{field: value}).violations()
    assert f"{value:g} s" in rule or "deadline + guard + landing" in rule


def test_a_list_must_be_waited_for_longer_than_the_window() -> None:
    """Else an unreadable list would end what a readable one could still settle."""
    assert replace(SHIPPED, lost_seconds=30.0).violations() == ("lost 30 s > settle 30 s",)


def test_the_client_gives_up_before_the_protocol_does() -> None:
    """So that its own words about a lost answer are what people read."""
    client = inspect.signature(ApiClient.__init__).parameters["timeout_seconds"].default
    assert client < SHIPPED.post_seconds


@pytest.mark.parametrize("made", [run, build, Actuator])
def test_the_hook_of_production_waits_for_nothing(made: Callable[..., object]) -> None:
    """It is awaited between the last look and the call: without a fault test it ends at its first step."""
    hook = inspect.signature(made).parameters["hook"].default
    with pytest.raises(StopIteration):
        hook("before_send").send(None)
