"""What a step sends, by what the journey carries; and what it takes from the answer.

Both read pages of another party: not on the event loop. Where a step cannot go on, they raise `Stopped`.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx

from watchdog.adapters.http_exchange import plain
from watchdog.adapters.signals.expectations import decoded
from watchdog.adapters.signals.journeys.forms import ENCODED, Form, forms_of
from watchdog.adapters.signals.journeys.session import Session
from watchdog.adapters.signals.journeys.steps import Step, Taken
from watchdog.adapters.signals.json_path import ABSENT, JsonPath
from watchdog.adapters.signals.pattern import SEARCHED_CHARACTERS, Pattern, TooSlow
from watchdog.adapters.signals.probe_http import Answer
from watchdog.adapters.signals.probe_options.named_secrets import filled
from watchdog.adapters.signals.probe_options.request import ProbeRequest, same_origin
from watchdog.domain.readings import Bad, FailureKind, Unknown

VALUE_CHARACTERS_MAX = 4096


class Stopped(Exception):
    """The step ends here, with this reading."""

    def __init__(self, reading: Bad | Unknown) -> None:
        super().__init__()
        self.reading = reading


def request_of(
    step: Step, site: httpx.URL, session: Session, secrets: Mapping[str, str]
) -> tuple[httpx.URL, ProbeRequest]:
    """Return the address and the request of a step. Raises Stopped."""
    try:
        return _request_of(step, site, session, secrets)
    except httpx.InvalidURL:  # it has a limit of its own, which a value or a form of the site may pass
        raise Stopped(Unknown("with what the page holds the address becomes too long: not sent")) from None


def _request_of(
    step: Step, site: httpx.URL, session: Session, secrets: Mapping[str, str]
) -> tuple[httpx.URL, ProbeRequest]:
    values = {**secrets, **session.values}
    request = ProbeRequest.of(step, values)
    # One that the connection cannot send would look like a fault of ours.
    if not all(value.isascii() and value.isprintable() for value in request.headers.values()):
        raise Stopped(Unknown("a value of the site cannot be sent in a header"))
    if step.path is not None:
        quoted = {name: quote(value, safe="", errors="replace") for name, value in session.values.items()}
        return site.join(filled(step.path, quoted)), request
    form = _form(step, session)
    if form.url is None or not same_origin(site, form.url):
        raise Stopped(Unknown("the form leads to another site: not sent"))
    if form.encoding != ENCODED:
        raise Stopped(Unknown("the form is sent in another encoding than application/x-www-form-urlencoded: not sent"))
    session.hide(form.hidden.values())
    sent = form.filled(filled(step.submit, values))
    page = session.at if session.at is not None else site
    # Sites that guard their forms against other sites ask for these two.
    own = {"Referer": str(page.copy_with(fragment=None)), "Origin": f"{page.scheme}://{page.netloc.decode('ascii')}"}
    if form.method == "GET":
        return form.url.copy_with(query=sent.encode(), fragment=None), replace(
            request, headers={**own, **request.headers}
        )
    headers = {**own, "Content-Type": ENCODED, **request.headers}
    return form.url, ProbeRequest("POST", headers, sent.encode())


def _form(step: Step, session: Session) -> Form:
    """Return the first form of the page before that has all the fields to fill in."""
    wanted = step.submit or {}
    forms = _forms(session)
    found = next((one for one in forms if set(wanted) <= one.names), None)
    if found is None:
        names = ", ".join(plain(name, 40) for name in wanted)
        raise Stopped(Bad(f"the page has no form with {names} (it has {len(forms)} forms)", FailureKind.BODY))
    return found


def _forms(session: Session) -> list[Form]:
    page = session.page
    if page is None or session.at is None:
        return []
    if page.coding:
        raise Stopped(Unknown("the page with the form cannot be read: it came compressed, we asked for identity"))
    try:
        return forms_of(decoded(page), session.at)
    except TooSlow as slow:
        raise Stopped(Unknown(str(slow))) from slow


def take(step: Step, session: Session) -> None:
    """Keep the values that the step takes from the newest answer. Raises Stopped where one is missing."""
    for name, where in step.take.items():
        try:
            value = _found(where, session)
        except TooSlow as slow:
            raise Stopped(Unknown(str(slow))) from slow
        if value is None or not 0 < len(value) <= VALUE_CHARACTERS_MAX:
            lacks = "is not there" if not value else "is too long"
            raise Stopped(Bad(f"{name} cannot be taken: {_words(where)} {lacks}", FailureKind.BODY))
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Stopped(Unknown(f"{name} cannot be sent: {_words(where)} holds half a character"))
        session.values[name] = value
        session.hide([value])


def _found(where: Taken, session: Session) -> str | None:
    """Return the value at a place, or None."""
    page = session.page
    if page is None:
        return None
    if where.header is not None:
        return ", ".join(page.headers.get_list(where.header)) or None
    if where.cookie is not None:
        return session.cookie(where.cookie)
    if where.field is not None:
        fields = [pair for form in _forms(session) for pair in form.fields]
        return next((value for name, value in fields if name == where.field), None)
    if page.coding:
        raise Stopped(Unknown("the body cannot be read: it came compressed, we asked for identity"))
    if where.regex is not None:
        return Pattern(where.regex).first(decoded(page)[:SEARCHED_CHARACTERS])
    return _as_text(JsonPath.parse(where.json_path or "$").find(_document(page)))


def _document(page: Answer) -> Any:
    try:
        return json.loads(decoded(page))
    except (ValueError, RecursionError):
        return ABSENT


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    is_scalar = isinstance(value, (int, float, bool))
    return json.dumps(value) if is_scalar else None


def _words(where: Taken) -> str:
    """Return a place for people, in words of the configuration."""
    ((kind, written),) = where.model_dump(exclude_unset=True, by_alias=True).items()
    return f"{kind} {plain(str(written), 60)}"
