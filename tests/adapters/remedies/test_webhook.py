"""A webhook over real HTTP: called once; without a look a lost answer is never repeated, and nothing tells of it."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.remedies.kill_scene import POINTS, Case, killed_at
from tests.adapters.remedies.test_flag_off import FlagService
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.remedies.webhook import TOKEN, RemedyHookOptions, Webhook
from watchdog.domain import events as e
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.remedies.remedy import Remedy
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.sockets import Listener

PLAIN: dict[str, Any] = {"call": "purge-cdn", "request": {"url": "https://cdn.example/purge"}}
LOOK = {"url": "https://cdn.example/zone", "json": "$.purged", "equals": True}


def in_sandbox(*, look: bool) -> Case:
    """Return the call that switches the sandbox's flag off: to a webhook that is an address as any other."""

    def build(sandbox: Sandbox, context: Context) -> Webhook:
        url = f"{sandbox.urls['flags']}/new-checkout"
        request = {"method": "PATCH", "url": url, "headers": {"authorization": "{token}"}, "body": {"enabled": False}}
        seen = {"look": {"url": url, "json": "$.state.enabled"}} if look else {}
        return Webhook(RemedyHookOptions.model_validate({"call": "off", "request": request, **seen}), context)

    return Case("webhook:off", build, lambda sandbox: len(sandbox.events.requests("flags", "PATCH")), "flag")


@pytest.mark.parametrize(
    ("point", "look", "mode", "outcome", "before", "unknown"),
    [
        ("after_intent", True, "ok", e.RemedyPostponed, 0, None),
        ("after_intent", False, "ok", e.RemedyPostponed, 0, None),
        ("before_send", True, "ok", e.RemedyRefused, 0, None),
        ("before_send", False, "ok", e.RemedyLost, 0, False),
        ("after_answer", True, "ok", e.RemedyDone, 1, None),
        ("after_answer", False, "ok", e.RemedyLost, 1, False),
        ("never", True, "drop", e.RemedyDone, 1, None),
        ("never", False, "drop", e.RemedyLost, 1, False),
        ("never", True, "reset_before", e.RemedyRefused, 1, None),
        ("never", False, "reset_before", e.RemedyLost, 1, False),
        ("never", False, "refuse_403", e.RemedyRefused, 1, None),
        ("never", False, "ok", e.RemedyDone, 1, None),
    ],
)
async def test_killed_or_lost_it_is_called_once(
    tmp_path: Path, point: str, look: bool, mode: str, outcome: type, before: int, unknown: bool | None
) -> None:
    """At each point, and for each answer: what is done after it is a look, or nothing; never a second call.

    Without a look an outcome that nobody knows stays unsettled: it goes to a human, and no rollback follows.
    """
    assert point in (*POINTS, "never")
    outcomes, sent_before, sent_after = await killed_at(point, in_sandbox(look=look), tmp_path, mode)
    assert {type(one) for one in outcomes} == {outcome} and len(outcomes) >= 2
    assert (sent_before, sent_after) == (before, 0)
    assert unknown is None or all(one.settled is unknown for one in outcomes if isinstance(one, e.RemedyLost))


@pytest.mark.parametrize(
    ("status", "error"), [(429, Temporary), (403, Permanent), (301, OutcomeUnknown), (502, OutcomeUnknown)]
)
async def test_the_request_is_the_configured_one_and_no_error_holds_the_token(
    status: int, error: type[Exception]
) -> None:
    """Any method, its headers with the secret, its body; another request is refused before the wire."""
    service = FlagService()
    listener = Listener(service.app)
    await listener.open()
    request = {"method": "DELETE", "url": f"{listener.url}/cache?all=1", "headers": {"x-api-key": "{token}"}}
    hook = Webhook(
        RemedyHookOptions.model_validate({**PLAIN, "request": {**request, "body": {"a": [1]}}}),
        Context(clock=FakeClock(), endpoints={}, secrets={TOKEN: "s3cretvalue"}),
    )
    try:
        await hook.apply()
        service.status = status
        with pytest.raises(error) as raised:
            await hook.apply()
        assert "s3cret" not in str(raised.value) and "/cache" not in str(raised.value)
        with pytest.raises(Refused):
            await hook._writer.change("POST", "/cache?all=1", {"a": [1]})
        (method, target, headers, body), _ = service.asked
        assert (method, target, headers["x-api-key"], body) == ("DELETE", "/cache?all=1", "s3cretvalue", {"a": [1]})
    finally:
        await hook.close()
        await listener.close()


async def test_a_private_address_that_nobody_named_is_not_called() -> None:
    options = RemedyHookOptions.model_validate({**PLAIN, "request": {"url": "https://127.1/purge"}})
    hook = Webhook(options, Context(clock=FakeClock(), endpoints={}, secrets={}))
    with pytest.raises(Temporary, match="private address"):
        await hook.apply()
    await hook.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"call": "purge the cdn"}, "write what it does, as in purge-cdn"),
        ({"call": "a:b"}, "write what it does, as in purge-cdn"),
        ({"request": {"url": "http://cdn.example/x"}}, "not encrypted"),
        ({"request": {"url": "https://169.254.169.254/x"}}, "link-local"),
        ({"request": {**PLAIN["request"], "method": "GET"}}, "'PATCH' or 'DELETE'"),
        ({"request": {**PLAIN["request"], "headers": {"authorization": "abc"}}}, f"and set {TOKEN}"),
        ({"look": {**LOOK, "headers": {"x-token": "abc"}}}, f"and set {TOKEN}"),
        ({"look": {**LOOK, "equals": {}}}, "not one value"),
    ],
)
def test_what_cannot_be_meant_is_a_mistake(change: dict[str, Any], says: str) -> None:
    """Each with what to write."""
    with pytest.raises(ValidationError, match=re.escape(says)):
        RemedyHookOptions.model_validate({**PLAIN, **change})


def test_what_decisions_know_of_it() -> None:
    """Its name, and whether it can be looked up; a token is wanted where a header has its place."""
    options = RemedyHookOptions.model_validate(PLAIN)
    assert (options.remedy, options.secret) == (
        Remedy("webhook:purge-cdn", 60.0, has_look=False, cooldown_seconds=1800.0),
        "",
    )
    seen = RemedyHookOptions.model_validate({**PLAIN, "look": {**LOOK, "headers": {"x-key": "{token}"}}})
    assert seen.remedy.has_look and seen.secret == TOKEN
