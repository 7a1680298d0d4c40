"""The shape of `checklists:`: the runbook of the reader's own, shown with each incident of its services."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field

from watchdog.domain.follow_ups import TEXT_MAX
from watchdog.presentation.text import clean
from watchdog.settings.schema.tuning import LISTED, Section
from watchdog.settings.schema.written_values import Title

ITEM = re.compile(r"[a-z][a-z0-9-]{0,39}")
ITEMS_MAX, LISTS_MAX, SERVICES_MAX = 30, 20, 100


def _named(items: Mapping[str, str]) -> Mapping[str, str]:
    # People type the name to tick the item.
    for name in items:
        if not ITEM.fullmatch(name):
            raise ValueError("no names that tick items: write up to 40 small letters, digits and -, as in purge-cache")
    return MappingProxyType(dict(items))


def _text(text: str) -> str:
    if not text or text != clean(text, TEXT_MAX):
        raise ValueError(f"not an item: write one line of up to {TEXT_MAX} letters")
    return text


Text = Annotated[str, AfterValidator(_text)]


class ChecklistShape(Section):
    """One list of a runbook; without `services` it is shown with the incidents of all."""

    title: Title
    services: Annotated[tuple[str, ...], Field(max_length=SERVICES_MAX), LISTED] = ()
    items: Annotated[Mapping[str, Text], Field(min_length=1, max_length=ITEMS_MAX), AfterValidator(_named)]
