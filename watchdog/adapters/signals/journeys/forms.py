"""The forms of a page of HTML, and what a browser sends when one is filled in.

Rule 1: the page is another party's text: tags, forms and fields are limited, and the time is (page.py).
Rule 2: what a script would do to a form is not done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx

from watchdog.adapters.signals.content_security.page import elements, joined, unescaped
from watchdog.adapters.signals.pattern import TooSlow

FORMS_MAX, FIELDS_MAX = 50, 1000
ENCODED = "application/x-www-form-urlencoded"
_NOT_SENT = ("button", "reset", "file")
_INERT = ("noscript", "template")


@dataclass(slots=True)
class Form:
    """One form: where it leads, how it is sent, and its fields with the values that they have in the page.

    `buttons` are those that send it; the first one is what Enter presses. `blank` are fields without a value to send.
    """

    url: httpx.URL | None
    method: str
    encoding: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    hidden: dict[str, str] = field(default_factory=dict)
    blank: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """Return the names of all its fields and buttons."""
        return {name for name, _ in (*self.fields, *self.buttons)} | self.blank

    def filled(self, given: Mapping[str, str]) -> str:
        """Return what is sent, encoded: the values of the page, these instead of theirs, and the button pressed."""
        pairs = [(name, value) for name, value in self.fields if name not in given]
        pressed = [] if any(name in given for name, _ in self.buttons) else self.buttons[:1]
        return urlencode(
            [*pairs, *given.items(), *((name, value) for name, value in pressed if name)], errors="replace"
        )


def forms_of(text: str, url: httpx.URL) -> list[Form]:
    """Return the forms of a page at that address. Raises TooSlow where there is too much. Not on the event loop."""
    reader, inert = _Reader(url), ""
    for closes, name, given, content, _ in elements(text):
        if inert:
            inert = "" if closes and name == inert else inert
        elif closes:
            reader.closed(name)
        elif name in _INERT:
            inert = name
        else:
            reader.opened(name, given, content)
    return reader.forms


class _Reader:
    """Puts the tags of a page together."""

    def __init__(self, url: httpx.URL) -> None:
        self.forms: list[Form] = []
        self._page = self._base = url
        self._form: Form | None = None
        self._select: tuple[str, bool] | None = None
        self._chosen = False
        self._fields = 0

    def closed(self, name: str) -> None:
        """Take an end tag."""
        if name == "form":
            self._form = None
        if name in ("form", "select"):
            self._select = None

    def opened(self, name: str, given: Mapping[str, str], content: str) -> None:
        """Take a start tag. Raises TooSlow."""
        if name == "base" and "href" in given:
            self._base = joined(self._page, given["href"]) or self._base
        # Browsers ignore a form within a form.
        elif name == "form" and self._form is None and given.get("method", "").lower() != "dialog":
            action = given.get("action", "")
            target = joined(self._base, action) if action else self._page
            method = "POST" if given.get("method", "").lower() == "post" else "GET"
            self._form = Form(target, method, given.get("enctype", "").lower() or ENCODED)
            self.forms.append(self._form)
        elif self._form is not None and name in ("input", "button", "select", "option", "textarea"):
            self._fields += 1
            if "disabled" not in given:
                self._field(self._form, name, given, content)
        if len(self.forms) > FORMS_MAX or self._fields > FIELDS_MAX:
            raise TooSlow(f"the page has more than {FORMS_MAX} forms or {FIELDS_MAX} fields: name a smaller page")

    def _field(self, form: Form, tag: str, given: Mapping[str, str], content: str) -> None:
        name, kind = given.get("name", ""), given.get("type", "").lower()
        value = given.get("value", "")
        if tag == "option":
            self._option(form, given, content)
        elif kind in ("submit", "image") or (tag == "button" and kind not in _NOT_SENT):
            form.buttons.append((name if kind != "image" else "", value))
        elif not name or kind in _NOT_SENT:
            return
        elif tag == "select":
            self._select, self._chosen = (name, "multiple" in given), False
            form.blank.add(name)
        elif tag == "textarea":
            form.fields.append((name, unescaped(content).removeprefix("\n").replace("\n", "\r\n")))
        elif kind in ("checkbox", "radio") and "checked" not in given:
            form.blank.add(name)
        else:
            form.fields.append((name, value or ("on" if kind in ("checkbox", "radio") else "")))
            if kind == "hidden":
                form.hidden[name] = value

    def _option(self, form: Form, given: Mapping[str, str], content: str) -> None:
        """Take an option: a list sends the one that is selected, else its first one."""
        if self._select is None:
            return
        name, several = self._select
        value = given["value"] if "value" in given else " ".join(unescaped(content).split())
        if "selected" in given and self._chosen and not several:
            form.fields[-1] = (name, value)
        elif "selected" in given or not (self._chosen or several):
            form.fields.append((name, value))
            self._chosen = True
