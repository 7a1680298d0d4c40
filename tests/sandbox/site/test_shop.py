"""The sandbox's shop as a visitor sees it: what is let through, and what is refused."""

import re

import httpx
import pytest

from tests.sandbox.world import World
from tests.support.clocks import LOOPBACK
from watchdog.sandbox import keys
from watchdog.sandbox.site.guarded_site import WRONG_BODY
from watchdog.sandbox.site.shop import CART, CHECKOUT, LOGIN

ACCOUNT = {"user": keys.SHOP_USER, "password": keys.SHOP_PASSWORD}


def visitor(world: World) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=world.sandbox.urls["site"], follow_redirects=True, **LOOPBACK)


def token(page: httpx.Response) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
    assert found is not None, page.text
    return {"csrf": found[1]}


async def test_a_visitor_logs_in_fills_the_cart_and_orders(world: World) -> None:
    """Two of an item; afterwards the cart is empty, and a second order is refused."""
    async with visitor(world) as client:
        page = await client.get(LOGIN)
        cart = await client.post(LOGIN, data=token(page) | ACCOUNT)
        assert cart.url.path == CART and "<p>0 in it</p>" in cart.text
        for count in (1, 2):
            cart = await client.post(CART, data={**token(cart), "item": "1"})
            assert f"<p>{count} in it</p>" in cart.text
        done = await client.post(CHECKOUT, data=token(cart))
        assert done.status_code == 200 and "Thank you" in done.text and ": 2 on the way" in done.text
        assert (await client.post(CHECKOUT, data=token(cart))).status_code == 403
    assert [hit.status for hit in world.sandbox.cloud.hits if hit.path == CHECKOUT] == [200, 403]


@pytest.mark.parametrize(
    ("form", "keeps"),
    [
        ({"password": "wrong"}, True),
        ({"user": ""}, True),
        ({"csrf": ""}, True),
        ({"csrf": "0" * 64}, True),
        ({}, False),
    ],
    ids=["wrong password", "no user", "no token", "forged token", "token of another visit"],
)
async def test_a_login_that_is_not_right_is_refused(world: World, form: dict[str, str], keeps: bool) -> None:
    async with visitor(world) as client:
        given = token(await client.get(LOGIN)) | ACCOUNT | form
        if not keeps:
            await client.get(LOGIN)
        assert (await client.post(LOGIN, data=given)).status_code == 403
        assert (await client.get(CART)).status_code == 403


async def test_a_stranger_gets_no_cart(world: World) -> None:
    """Nor with cookies of his own making; an unknown path is not found."""
    async with visitor(world) as client:
        for path in (CART, CHECKOUT):
            forged = {"cookie": "visit=1; session=1; cart=3"}
            assert (await client.post(path, data={"csrf": "1"}, headers=forged)).status_code == 403
        assert (await client.get(CHECKOUT)).status_code == 403
        assert (await client.get("/shop/nothing")).status_code == 404


async def test_a_version_may_break_the_checkout_alone(world: World) -> None:
    """Every other page answers as before, and this one with 200: Sentry and uptime see nothing."""
    world.sandbox.set_fault("web", "wrong_body", routes=[CHECKOUT])
    async with visitor(world) as client:
        assert (await client.post(CHECKOUT)).text == WRONG_BODY
        assert (await client.get(LOGIN)).status_code == 200
    assert (await world.site("/healthz")).json() == {"status": "ok"} and "</html>" in (await world.site()).text
