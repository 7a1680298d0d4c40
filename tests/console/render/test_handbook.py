"""The handbook as HTML: in the console and as a static site."""

import re
from pathlib import Path

import pytest

from tests.console.scene import VIEWER, town, visited
from watchdog.console.render.handbook import _html, picture, target
from watchdog.console.render.handbook_site import write_site
from watchdog.console.routes.pages import IN_CONSOLE
from watchdog.docs import Page, headings, pages, pictures

HREF = re.compile(r'(?:href|src)="([^"]*)"')


def html(text: str) -> str:
    return _html(Page("one", "One", "", text), IN_CONSOLE)


@pytest.mark.parametrize(
    ("href", "leads"),
    [
        ("other.md", "/help/other"),
        ("other.md#part", "/help/other#part"),
        ("reference/reference-api.md#part", "/help/reference-api#part"),
        ("../other.md", "/help/other"),
        ("#part", "#part"),
        ("https://render.com/docs", "https://render.com/docs"),
    ],
)
def test_links_lead_to_pages_of_the_handbook(href: str, leads: str) -> None:
    """As a file in the repository, so here."""
    assert target(href, IN_CONSOLE) == leads
    assert f'<a href="{leads}">' in html(f"# T\n\n[x]({href})\n")


def test_raw_html_is_not_passed_on() -> None:
    """Comments for tests are left out, a line break in a cell stays, all else is text or nothing."""
    made = html(
        "# T\n\n<!-- needs: docker -->\n```sh\necho '<b>'\n```\n\n"
        "| a |\n|---|\n| b<br>c<img src=x onerror=alert(1)> |\n\n"
        "<script>alert(1)</script>\n\n[x](javascript:alert(1))\n"
    )
    assert "needs" not in made and "<script" not in made and "<img" not in made and 'href="javascript' not in made
    assert "b<br>\nc&lt;img" in made and "echo &#39;&lt;b&gt;&#39;" in made
    assert '<img src="/help/a.png" alt="A" />' in html("# T\n\n![A](a.png)\n")
    assert '<h1 id="t">T</h1>' in made and '<div class="wide" tabindex="0" role="region" aria-label="Table 1">' in made


async def test_the_console_serves_every_page_to_who_is_logged_in() -> None:
    async with town() as one:
        assert (await one.client.get("/help/")).status_code == 303
        await one.login(VIEWER)
        contents = await one.page("/help/")
        for page in pages():
            assert f'href="/help/{page.name}"' in contents
            text = await one.page(f"/help/{page.name}")
            assert f"{page.title} – watchdog</title>" in text.replace("&#39;", "'")
            found = headings(page.text)
            assert re.findall(r'<h(\d) id="([^"]*)"', text) == [(str(one.level), one.anchor) for one in found]
            assert '<a href="/help/" aria-current="page">Help</a>' in text
            for address in HREF.findall(text.partition("<article>")[2]):
                assert address.startswith(("/help/", "#", "https://")), address


async def test_a_picture_is_served_as_one_and_what_is_not_there_is_not_found() -> None:
    answer = picture("a.svg", {"a.svg": b"<svg/>"})
    assert answer is not None and (answer.body, answer.media_type) == (b"<svg/>", "image/svg+xml")
    async with visited() as one:
        for name in ("/nowhere.svg", "", "/nowhere", "/operation.md", "/..%2fpages", "/operation/"):
            assert (await one.client.get(f"/help{name}")).status_code == 404, name
        for name, content in pictures().items():
            served = await one.client.get(f"/help/{name}")
            assert served.content == content and served.headers["content-type"].startswith("image/")


def test_the_site_is_the_same_pages_and_stands_alone(tmp_path: Path) -> None:
    """Every address in it is a file of the folder (and a heading of that file), or a web address; no script."""
    assert write_site(tmp_path / "site") == len(pages())
    files = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in (tmp_path / "site").iterdir()}
    assert set(files) == {"index.html", "handbook.css", *(f"{page.name}.html" for page in pages()), *pictures()}
    for name, text in files.items():
        assert "<script" not in text and "style=" not in text
        for address in HREF.findall(text):
            file, _, anchor = address.partition("#")
            if not address.startswith("https://"):
                assert (file or name) in files, (name, address)
                assert not anchor or f'id="{anchor}"' in files[file or name], (name, address)
