"""A small shop on the guarded site: a login form with a token against forgery, a cart, a checkout.

Rule: the site holds no state of its own. The visitor's cookies hold all of it; what must not be forged is signed.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from watchdog.sandbox import keys

LOGIN, CART, CHECKOUT = "/shop/login", "/shop/cart", "/shop/checkout"
ITEMS_MAX = 9
_KEY = b"FAKE sandbox key of cookies"


async def answer(request: Request) -> Response:
    """Return the answer of a path of the shop."""
    visit = request.cookies.get("visit", "")
    try:
        body = await request.body()
    except ClientDisconnect:  # no one is left to read the answer
        return PlainTextResponse("", status_code=400)
    form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    match request.method, request.url.path:
        case "GET", "/shop/login":
            return _login_page()
        case "POST", "/shop/login" if _is_ours(form, visit):
            return _logged_in(form, visit)
        case "GET" | "POST", "/shop/login" | "/shop/cart" | "/shop/checkout" if not _is_member(request.cookies):
            return _page("<p>Please log in.</p>", 403)
        case "GET", "/shop/cart":
            return _cart_page(request.cookies)
        case "POST", "/shop/cart" if _is_ours(form, visit):
            return _moved(CART, cart=str(min(_items(request.cookies) + 1, ITEMS_MAX)))
        case "POST", "/shop/checkout" if _is_ours(form, visit) and _items(request.cookies):
            return _ordered(_items(request.cookies))
        case "POST", "/shop/login" | "/shop/cart" | "/shop/checkout":
            return _page("<p>The form has expired, or the cart is empty.</p>", 403)
    return PlainTextResponse("Not found\n", status_code=404)


def _login_page() -> Response:
    visit = secrets.token_hex(8)
    fields = '<input name="user"><input name="password" type="password"><button>Log in</button>'
    return _with_cookies(_page(f"<h1>Log in</h1>{_form(LOGIN, visit, fields)}"), visit=visit)


def _logged_in(form: Mapping[str, str], visit: str) -> Response:
    if (form.get("user"), form.get("password")) != (keys.SHOP_USER, keys.SHOP_PASSWORD):
        return _page("<p>Wrong user or password.</p>", 403)
    return _moved(CART, session=_signed("session", visit))


def _cart_page(cookies: Mapping[str, str]) -> Response:
    add, buy = (
        _form(action, cookies["visit"], f"<input name={name} value=1><button>Go</button>")
        for action, name in ((CART, "item"), (CHECKOUT, "agreed"))
    )
    return _page(f"<h1>Your cart</h1><p>{_items(cookies)} in it</p>{add}{buy}")


def _ordered(items: int) -> Response:
    ordered = _page(f"<h1>Thank you</h1><p>Order {secrets.token_hex(4)}: {items} on the way</p>")
    ordered.delete_cookie("cart", path="/shop")
    return ordered


def _items(cookies: Mapping[str, str]) -> int:
    text = cookies.get("cart", "")
    return int(text) if text in map(str, range(1, ITEMS_MAX + 1)) else 0


def _form(action: str, visit: str, fields: str) -> str:
    token = f'<input type="hidden" name="csrf" value="{_signed("csrf", visit)}">'
    return f'<form method="post" action="{action}">{token}{fields}</form>'


def _page(text: str, status: int = 200) -> Response:
    head = "<!doctype html>\n<html><head><title>Acme shop</title></head>"
    return HTMLResponse(f"{head}<body>{text}</body></html>\n", status_code=status)


def _moved(path: str, **cookies: str) -> Response:
    return _with_cookies(RedirectResponse(path, status_code=303), **cookies)


def _with_cookies(response: Response, **cookies: str) -> Response:
    for name, value in cookies.items():
        response.set_cookie(name, value, path="/shop", httponly=True, samesite="lax")
    return response


def _is_ours(form: Mapping[str, str], visit: str) -> bool:
    """Return whether the form was sent from a page of this visit."""
    return bool(visit) and form.get("csrf") == _signed("csrf", visit)


def _is_member(cookies: Mapping[str, str]) -> bool:
    visit = cookies.get("visit", "")
    return bool(visit) and cookies.get("session") == _signed("session", visit)


def _signed(what: str, visit: str) -> str:
    return hmac.new(_KEY, f"{what} {visit}".encode(), hashlib.sha256).hexdigest()
