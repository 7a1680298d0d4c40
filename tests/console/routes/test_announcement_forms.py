"""Announcements by the console's forms and by its API: the commands of the command line."""

from tests.console.desk_scene import office
from tests.console.scene import OPERATOR


async def test_an_announcement_is_posted_updated_and_withdrawn_there() -> None:
    page, hostile = "/announcements", '<script>alert(1)</script>"'
    async with office() as o:
        await o.login()
        sent = await o.send(page, f"{page}/announce", page="shop", title=hostile, text=hostile, state="identified")
        assert sent.headers["location"].startswith(f"{page}?answer=")
        shown = await o.page(sent.headers["location"])
        assert "Posted on /status/shop as announcement-1" in shown and "<script>alert" not in shown
        window = {"page": "shop", "title": "New database", "text": "Orders wait.", "lasts": "2h", "services": "web"}
        sent = await o.send(page, f"{page}/schedule-maintenance", starts="2035-01-31T22:00", **window)
        assert "in more than 400 days" in await o.page(sent.headers["location"])
        sent = await o.send(page, f"{page}/update-announcement", text="It was a slip.", state="withdrawn")
        assert "is updated, withdrawn" in await o.page(sent.headers["location"])
        body = {"title": "Slow", "text": "We look into it."}
        assert (await o.api("/status-pages/shop/announce", body)).status_code == 200
        assert (await o.api("/announcements/2/update", {"text": "Fast again.", "state": "resolved"})).json()["id"] == 5
        assert (await o.api("/status-pages/shop/announce", body, OPERATOR)).status_code == 403
        assert (await o.api("/status-pages/shop/announce", {**body, "title": "x" * 101})).status_code == 422
        await o.login(OPERATOR)
        assert "<textarea" not in await o.page(page)
        assert [one.updates[-1].stage for one in await o.s.store.announcements()] == ["resolved", "withdrawn"]
