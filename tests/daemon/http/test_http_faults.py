"""A request on which our own code fails: it is answered, and strangers do not fill the log with it."""

import httpx
from structlog.testing import capture_logs

from watchdog.daemon.http.http_faults import Faults


async def test_a_fault_is_answered_and_its_traceback_is_written_once() -> None:
    """However often it is found; another one is another kind."""

    async def broken(scope: dict[str, str], receive: object, send: object) -> None:
        if scope["path"] == "/zero":
            raise ZeroDivisionError
        raise ValueError("what a stranger sent")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(Faults(broken)), base_url="http://x") as client:  # type: ignore[arg-type]
        with capture_logs() as logs:
            for path in ("/", "/zero") * 50:
                assert (await client.get(path)).status_code == 500
    assert [(one["event"], bool(one["exc_info"])) for one in logs] == [("request failed, internal error", True)] * 2
    assert not [one for one in logs if "stranger" in one["kind"]]


async def test_what_has_begun_is_not_begun_again() -> None:
    """Half an answer stays half."""

    async def half(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        raise ValueError

    sent: list[str] = []

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    await Faults(half)({"type": "http"}, None, send)  # type: ignore[arg-type]
    assert sent == ["http.response.start"]
