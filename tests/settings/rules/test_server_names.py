"""By which names the server is asked: those of Render, and a warning where there is none."""

import pytest

from tests.settings.texts import SMALL, loaded

OPEN, HERE = 'metrics: {listen: "0.0.0.0:9464"}\n', 'metrics: {listen: "127.0.0.1:9464"}\n'
NAMED = 'metrics: {listen: "0.0.0.0:9464", hosts: [w.acme.example]}\n'
CONSOLE, PAGE = "console: {enabled: true}\n", "status_pages: {shop: {title: Acme shop, services: [web]}}\n"
URL = "console: {enabled: true, url: 'https://w.acme.example'}\n"
TOKEN = {"WATCHDOG_CONSOLE_TOKEN": "canary-0123456789-0123456789"}
HOST = "watchdog-abc.onrender.com"


@pytest.mark.parametrize(
    ("environ", "hosts"),
    [
        ({"RENDER_EXTERNAL_HOSTNAME": HOST.upper()}, (HOST,)),
        ({"RENDER_EXTERNAL_URL": f"https://{HOST}"}, (HOST,)),
        ({"RENDER_EXTERNAL_HOSTNAME": HOST, "RENDER_EXTERNAL_URL": f"https://{HOST}"}, (HOST,)),
        ({"RENDER_EXTERNAL_HOSTNAME": "", "RENDER_EXTERNAL_URL": "https://["}, ()),
    ],
)
def test_render_says_by_which_name_it_serves_us(environ: dict[str, str], hosts: tuple[str, ...]) -> None:
    assert loaded(SMALL, environ).hosts == hosts


@pytest.mark.parametrize(
    ("text", "environ", "warned"),
    [
        (OPEN + CONSOLE, TOKEN, ["console"]),
        (OPEN + PAGE, {}, ["status_pages"]),
        (OPEN + URL, TOKEN, []),
        (NAMED + CONSOLE, TOKEN, []),
        (OPEN + CONSOLE, TOKEN | {"RENDER_EXTERNAL_HOSTNAME": HOST}, []),
        (HERE + CONSOLE, TOKEN, []),
        (OPEN, {}, []),
    ],
)
def test_pages_for_others_without_a_name_are_warned_of(text: str, environ: dict[str, str], warned: list[str]) -> None:
    """Every browser that asks by their public name would be refused."""
    found = [one for one in loaded(SMALL + text, environ).warnings if "metrics.hosts" in one]
    assert [one.partition(":")[0] for one in found] == warned
