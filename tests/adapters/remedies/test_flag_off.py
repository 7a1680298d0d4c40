"""A feature flag over real HTTP: the requests of the handbook's flag services are the documented ones, and no other."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.remedies.flag_off import TOKEN, FlagOff, FlagOffOptions
from watchdog.docs.page_table import page
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.remedies.remedy import Remedy
from watchdog.sandbox.sockets import Listener

HANDBOOK = page("remedies")
assert HANDBOOK is not None
BLOCKS = dict(re.findall(r"### (\w+)\n.*?```yaml\n(.*?)```", HANDBOOK.text, re.DOTALL))
# By shared facts of the services' APIs: method, path with query, headers that matter, body; path of the look, state.
DOCUMENTED: dict[str, tuple[str, str, dict[str, str], object, str, object]] = {
    "LaunchDarkly": (
        "PATCH",
        "/api/v2/flags/PROJECT/new-checkout?ignoreConflicts=true",
        {"authorization": "key", "content-type": "application/json; domain-model=launchdarkly.semanticpatch"},
        {
            "environmentKey": "production",
            "comment": "switched off by the watchdog",
            "instructions": [{"kind": "turnFlagOff"}],
        },
        "/api/v2/flags/PROJECT/new-checkout?env=production",
        {"environments": {"production": {"on": False}}},
    ),
    "Unleash": (
        "POST",
        "/api/admin/projects/default/features/new-checkout/environments/production/off",
        {"authorization": "key"},
        None,
        "/api/admin/projects/default/features/new-checkout/environments/production",
        {"enabled": False},
    ),
    "Flagsmith": (
        "PATCH",
        "/api/__future__/environments/ENVIRONMENT/features/123/",
        {"authorization": "Api-Key key", "content-type": "application/json"},
        {"environment_default": {"enabled": False}},
        "/api/__future__/environments/ENVIRONMENT/features/123/",
        {"environment_default": {"enabled": False}},
    ),
    "PostHog": (
        "PATCH",
        "/api/projects/1/feature_flags/456/",
        {"authorization": "Bearer key", "content-type": "application/json"},
        {"active": False},
        "/api/projects/1/feature_flags/456/",
        {"active": False},
    ),
}
PLAIN = {"flag": "new-checkout", "request": {"url": "https://flags.example/x", "headers": {"x-key": "{token}"}}}


class FlagService:
    """A server that writes down what it is asked, and answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], object]] = []
        self.status, self.state = 200, object()

    @property
    def app(self) -> Starlette:
        """Return it as an application."""
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(routes=[Route("/{path:path}", self.answer, methods=methods)])

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.asked.append((request.method, target, dict(request.headers), json.loads(body) if body else None))
        return JSONResponse(self.state if request.method == "GET" else {}, status_code=self.status)


@asynccontextmanager
async def serving(options: dict[str, Any]) -> AsyncIterator[tuple[FlagService, FlagOff]]:
    """Serve on this machine, and give the flag of these options there."""
    service = FlagService()
    listener = Listener(service.app)
    await listener.open()
    options = json.loads(json.dumps(options))
    for part in ("request", "look"):
        if part in options:
            there = urlsplit(options[part]["url"])._replace(scheme="", netloc="").geturl()
            options[part]["url"] = f"{listener.url}{there}"
    context = Context(clock=FakeClock(), endpoints={}, secrets={TOKEN: "key"})
    flag = FlagOff(FlagOffOptions.model_validate(options), context)
    try:
        yield service, flag
    finally:
        await flag.close()
        await listener.close()


@pytest.mark.parametrize("name", DOCUMENTED)
async def test_a_flag_service_of_the_handbook_is_asked_as_it_documents(name: str) -> None:
    """Method, address, headers and body; its state is read where the handbook says."""
    method, path, headers, body, look, off = DOCUMENTED[name]
    assert set(BLOCKS) == set(DOCUMENTED)
    (remedy,) = yaml.safe_load(BLOCKS[name])["services"]["web"]["remedies"]
    async with serving(remedy["flag_off"]) as (service, flag):
        await flag.apply()
        service.state = off
        assert flag.can_look and await flag.look("")
        service.state = json.loads(json.dumps(off).replace("false", "true"))
        assert not await flag.look("")
        (sent, read, _) = service.asked
    assert (sent[0], sent[1], sent[3]) == (method, path, body)
    assert headers.items() <= sent[2].items()
    assert (read[0], read[1], read[2]["authorization"]) == ("GET", look, headers["authorization"])


@pytest.mark.parametrize(
    ("status", "error"), [(429, Temporary), (400, Permanent), (403, Permanent), (404, Permanent), (500, OutcomeUnknown)]
)
async def test_an_answer_means_what_it_means_for_a_rollback(status: int, error: type[Exception]) -> None:
    """Nothing happened, it is refused, or nobody knows; no message holds the address or the token."""
    async with serving(PLAIN) as (service, flag):
        service.status = status
        with pytest.raises(error) as raised:
            await flag.apply()
        assert str(raised.value).startswith("the flag service answered") and "key" not in str(raised.value)
        assert len(service.asked) == 1 and not flag.can_look


async def test_a_state_that_is_not_there_is_no_answer() -> None:
    """And 1 is not true, as in JSON."""
    async with serving({**PLAIN, "look": {"url": "https://flags.example/x", "json": "$.on", "equals": True}}) as found:
        service, flag = found
        for state, expected in (
            ({"on": True}, True),
            ({"on": 1}, False),
            ({"on": False}, False),
            ({"on": None}, False),
        ):
            service.state = state
            assert await flag.look("") is expected
        service.state = {"off": True}
        with pytest.raises(Permanent, match=r"without \$\.on"):
            await flag.look("")


async def test_nothing_but_the_configured_request_can_be_sent() -> None:
    """The client refuses every other one before the wire."""
    async with serving(PLAIN) as (service, flag):
        for method, path, body in (("DELETE", "/x", None), ("POST", "/y", None), ("POST", "/x", {"on": True})):
            with pytest.raises(Refused):
                await flag._writer.change(method, path, body)
        assert service.asked == []


async def test_a_private_address_that_nobody_named_is_not_called() -> None:
    """The guard of all adapters judges it: a name that leads into a private network is refused."""
    options = FlagOffOptions.model_validate({**PLAIN, "request": {"url": "https://127.1/flags"}})
    flag = FlagOff(options, Context(clock=FakeClock(), endpoints={}, secrets={}))
    with pytest.raises(Temporary, match="private address"):
        await flag.apply()
    await flag.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"flag": "new checkout"}, "write the flag's key"),
        ({"request": {"url": "http://flags.example/x"}}, "not encrypted"),
        ({"request": {"url": "https://user:secret@flags.example/x"}}, "leave them out"),
        ({"request": {"url": "https://169.254.169.254/x"}}, "link-local"),
        ({"request": {"url": "https://flags.example/x#on"}}, "nothing behind a #"),
        ({"request": {"url": "ftp://flags.example/x"}}, "write https://host/path"),
        ({"request": {**PLAIN["request"], "headers": {"a b": "c"}}}, "not the name of a header"),  # type: ignore[dict-item]
        ({"request": {**PLAIN["request"], "headers": {"accept": "a\nb"}}}, "not the value"),  # type: ignore[dict-item]
        ({"request": {**PLAIN["request"], "headers": {"authorization": "abc"}}}, "a key never stands"),  # type: ignore[dict-item]
        ({"request": {**PLAIN["request"], "headers": {"Authorization": "abc"}}}, "a key never stands"),  # type: ignore[dict-item]
        ({"request": {**PLAIN["request"], "headers": {"X-Pwd": "abc"}}}, "a key never stands"),  # type: ignore[dict-item]
        ({"request": {**PLAIN["request"], "method": "DELETE"}}, "'POST', 'PUT' or 'PATCH'"),  # type: ignore[dict-item]
        ({"prove": "5s"}, "10s to 10m"),
        ({"prove": "11m"}, "10s to 10m"),
        ({"look": {"url": "https://flags.example/x", "json": "enabled"}}, "write $ and then names"),
        ({"look": {"url": "https://flags.example/x", "json": "$.on", "equals": []}}, "not one value"),
    ],
)
def test_what_cannot_be_meant_is_a_mistake(change: dict[str, Any], says: str) -> None:
    """Each with what to write."""
    with pytest.raises(ValidationError, match=re.escape(says)):
        FlagOffOptions.model_validate({**PLAIN, **change})


def test_what_decisions_know_of_a_flag() -> None:
    """Its name, its time, and whether it can be read; the look takes the headers of the request."""
    options = FlagOffOptions.model_validate({**PLAIN, "prove": "90s"})
    known = Remedy("new-checkout", 90.0, has_look=False, cooldown_seconds=1800.0)
    assert options.remedy == known and options.secret == TOKEN
    look = {"url": "http://127.0.0.1/x", "json": "$.on"}
    seen = FlagOffOptions.model_validate({**PLAIN, "look": look})
    assert seen.remedy.has_look and seen.look_headers == {"x-key": "{token}"} and seen.remedy.name == "new-checkout"
    plain = {"flag": "x", "request": {"url": "https://flags.example/x"}, "look": {**look, "headers": {}}}
    assert not FlagOffOptions.model_validate(plain).secret
