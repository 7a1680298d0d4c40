"""The options of a journey: its steps, what each sends and expects, and what it carries on.

Rule 1: a step's address is a path of the journey's own site; another site is never asked for.
Rule 2: a value is carried by a name in small letters, and only after the step that takes it: `${token}`.
Rule 3: secrets are named as probes name them (named_secrets.py), and only go to the site itself, over https.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from watchdog.adapters.options import Options
from watchdog.adapters.signals.json_path import JsonPath
from watchdog.adapters.signals.options import REDIRECTS_MAX, AnswerOptions, Every, SignalOptions, Timeout, Url
from watchdog.adapters.signals.pattern import Expression
from watchdog.adapters.signals.probe_options.named_secrets import (
    ANY_PLACE,
    PLACE,
    check_places,
    only_a_place,
    texts_of,
)
from watchdog.adapters.signals.probe_options.request import HEADERS_MAX, SentOptions, check_headers
from watchdog.adapters.signals.probe_options.way import WayOptions

STEPS_MAX, FIELDS_MAX, VALUES_MAX = 20, 50, 20
_KEY_WORDS = ("pass", "secret", "token", "key")


def _check_path(path: str) -> str:
    if not re.fullmatch(r"/(?![/\\])[!-~]{0,1999}|/", path) or "#" in path or "\\" in path:
        raise ValueError("not a path of the site: write one as in /cart?size=2, without the host")
    if PLACE.search(path):
        raise ValueError("a secret in an address ends up in logs: send it in a header or a body")
    return path


def _check_step_headers(headers: dict[str, str]) -> dict[str, str]:
    if any(name.lower() == "cookie" for name in headers):
        raise ValueError("the journey sends the site's cookies itself: remove this header")
    return check_headers(headers, ANY_PLACE)


def _check_fields(fields: dict[str, str]) -> dict[str, str]:
    for name, value in fields.items():
        check_places(value)
        if any(word in name.lower() for word in _KEY_WORDS) and not ANY_PLACE.search(value):
            only_a_place(value)
    return fields


class Taken(Options):
    """Where a value stands in the answer: one of these."""

    json_path: str | None = Field(default=None, alias="json", description="a path in its JSON: $.token")
    header: str | None = Field(default=None, min_length=1, description="one of its headers")
    cookie: str | None = Field(default=None, min_length=1, description="a cookie that the site has set")
    field: str | None = Field(default=None, min_length=1, description="a field of a form in its page")
    regex: Expression | None = Field(default=None, description="its first group, where it is found in the body")

    @model_validator(mode="after")
    def _one(self) -> "Taken":
        if len(self.model_fields_set) != 1:
            raise ValueError("one of these, please: json, header, cookie, field or regex")
        if self.json_path is not None:
            JsonPath.parse(self.json_path)
        return self


def _check_names(taken: dict[str, Taken]) -> dict[str, Taken]:
    if not all(re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) for name in taken):
        raise ValueError("not a name for a value: write small letters, digits and _, as in order_id")
    return taken


class Step(SentOptions, AnswerOptions):
    """One step: a request of a path, or the submit of a form in the page before; and what it expects."""

    name: str | None = Field(default=None, min_length=1, max_length=40, description="its name for people")
    path: Annotated[str, AfterValidator(_check_path)] | None = Field(default=None, description="of the site: /cart")
    headers: Annotated[dict[str, str], Field(max_length=HEADERS_MAX), AfterValidator(_check_step_headers)] = Field(
        default_factory=dict, description="of the request"
    )
    submit: Annotated[dict[str, str], Field(max_length=FIELDS_MAX), AfterValidator(_check_fields)] | None = Field(
        default=None, description="fields to fill in: the first form that has them all is sent"
    )
    take: Annotated[dict[str, Taken], Field(max_length=VALUES_MAX), AfterValidator(_check_names)] = Field(
        default_factory=dict, description="values to carry on, by a name of your own"
    )

    @model_validator(mode="after")
    def _is_one_request(self) -> "Step":
        if (self.path is None) == (self.submit is None):
            raise ValueError("write path, or submit with the fields of a form in the page before; not both")
        if self.submit is not None and {"method", "body"} & self.model_fields_set:
            raise ValueError("the form says how it is sent: remove method and body")
        return self

    def written(self) -> Mapping[str, Any]:
        """Return what may name a variable, by its key."""
        return {**super().written(), "submit": self.submit}

    @property
    def shown(self) -> str:
        """Return its name for people: without a query."""
        return self.name or (self.path.partition("?")[0] if self.path is not None else "form")


class JourneyOptions(WayOptions, SignalOptions):
    """Options of `journey`; the site is the value of the key that names the kind."""

    journey: Url
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=STEPS_MAX)]
    redirects: int = Field(default=5, ge=0, le=REDIRECTS_MAX)
    every: Every = 30.0
    timeout: Timeout = 10.0

    @model_validator(mode="after")
    def _fits(self) -> "JourneyOptions":
        if self.steps[0].submit is not None:
            raise ValueError("the first step has no page before it: begin with the path of the page with the form")
        known: set[str] = set()
        for step in self.steps:
            texts = texts_of([step.path or "", step.written()])
            named = {name for text in texts for name in ANY_PLACE.findall(text) if name.islower()}
            if named - known:
                raise ValueError("names a value that no step before has taken: add it to take, or remove its ${…}")
            known |= set(step.take)
        return self

    def written(self) -> Mapping[str, Any]:
        """Return what may name a variable, by its key."""
        return {**super().written(), "steps": [step.written() for step in self.steps]}
