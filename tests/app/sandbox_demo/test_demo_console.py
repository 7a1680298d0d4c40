"""`watchdog demo --console`, started as a person does: a terminal, a browser's requests, Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.child_processes import alive_in_session
from tests.support.clocks import LOOPBACK, PATIENCE_SECONDS, FakeClock
from tests.support.daemon_processes import environment, until
from watchdog.app.sandbox_demo.demo_console import LINK_SECONDS, Links

INTERRUPTED = 130
SERVICES = ("web", "api", "checkout", "search", "accounts", "jobs")
FORM = r'<form method="post" action="/incidents/web-1/approve"[^>]*>(.*?)</form>'
HIDDEN = r'<input type="hidden" name="(\w+)" value="([^"]*)">'


class Running:
    """The demo on a terminal of its own: its output so far, and its keyboard."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, keyboard: int) -> None:
        self.process, self.keyboard, self._out = process, keyboard, out

    def said(self) -> str:
        return self._out.read_text(encoding="utf-8")

    def until(self, condition: Callable[[], object]) -> None:
        until(lambda: condition() or self.process.poll() is not None, self.said)
        assert self.process.poll() is None, self.said()


@contextmanager
def running(folder: Path, *words: str) -> Iterator[Running]:
    """Start the demo, with SIGINT ignored as in a script's background; leave no process of it behind."""
    keyboard, terminal = os.openpty()
    script = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh", sys.executable, "-m", "watchdog", "demo", *words)
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            script, stdin=terminal, stdout=out, stderr=out, cwd=folder, env=environment(), start_new_session=True
        )
    os.close(terminal)
    try:
        yield Running(process, folder / "out", keyboard)
    finally:
        os.close(keyboard)
        for pid in alive_in_session(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)


def test_a_link_logs_in_once_within_ten_minutes() -> None:
    """Of two that were shown, each does."""
    clock = FakeClock()
    links = Links(clock)
    early, used = links.draw(), links.draw()
    clock.elapsed += LINK_SECONDS - 1
    assert [links.take(word) for word in (used, used, "", "x")] == [True, False, False, False]
    late = links.draw()
    clock.elapsed += 1
    assert [links.take(word) for word in (early, late)] == [False, True]


@pytest.mark.long
def test_the_console_of_the_demo_asks_rolls_back_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    """The token logs in, the link does without; Approve is clicked, the site is back; Enter breaks it again."""
    with running(tmp_path, "--console", "--scenario", "assist") as demo:
        demo.until(lambda: "DEPLOY" in demo.said())
        found = re.search(r"Console: (\S+) .*\n +logs in: (\S+) .*\n +token: +(\w+)", demo.said())
        assert found is not None, demo.said()
        url, link, token = found.groups()
        with closing(httpx.Client(base_url=url, **LOOPBACK)) as browser:
            assert "set-cookie" not in browser.get(f"/enter/{token}").headers
            assert "Access token" in browser.get("/login").text
            assert browser.post("/login", data={"token": token, "name": "Ann"}).status_code == 303
            overview = browser.get("/").text
            assert all(f'href="/services/{name}"' in overview for name in SERVICES)
            demo.until(lambda: re.search(FORM, browser.get("/incidents/web-1").text, re.S))
            form = re.search(FORM, browser.get("/incidents/web-1").text, re.S)
            assert form is not None
            data = dict(re.findall(HIDDEN, form[1]))
            browser.post("/incidents/web-1/approve", data=data, headers={"sec-fetch-site": "same-origin"})
            demo.until(lambda: "  LIVE       dep-" in demo.said())
            assert "token:Ann (approver)" in browser.get("/audit").text
            assert "Acme shop" in httpx.get(f"{url}/status/shop", **LOOPBACK).text
        linked, again = httpx.get(link, **LOOPBACK), httpx.get(link, **LOOPBACK)
        assert linked.headers["location"] == again.headers["location"] == "/" and "set-cookie" not in again.headers
        assert "Log out" in httpx.get(url, headers={"cookie": linked.headers["set-cookie"].partition(";")[0]}).text
        demo.until(lambda: "Enter lets the same fault begin again" in demo.said())
        assert "RESULT: NOT COMPARED, you took part" in demo.said()
        os.write(demo.keyboard, b"\n")
        demo.until(lambda: demo.said().count("begins to fail") == 2)
        os.killpg(demo.process.pid, signal.SIGINT)
        assert demo.process.wait(PATIENCE_SECONDS) == INTERRUPTED
        until(lambda: not alive_in_session(demo.process.pid))
    assert "Traceback" not in demo.said()
