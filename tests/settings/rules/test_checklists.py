"""The reader's own checklists in the configuration: what is written is shown, and each mistake has its line."""

import pytest

from tests.settings.texts import SMALL, loaded, shown
from watchdog.presentation.incident_facts import OwnChecklist
from watchdog.settings.text.redacted_view import shown as rows

LIST = "checklists: {down: {title: The shop is down, services: [web], items: {cache: Purge it, page: Look}}}\n"


def test_a_list_is_kept_in_its_order_and_stands_on_the_page_of_the_settings() -> None:
    settings = loaded(SMALL + LIST)
    assert settings.checklists == (OwnChecklist("The shop is down", {"cache": "Purge it", "page": "Look"}, ("web",)),)
    assert settings.own_items == {"cache", "page"} and loaded(SMALL).own_items == set()
    assert dict(dict(rows(settings))["The daemon"])["checklists: The shop is down"] == "2 items, web"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("services: [web]", "services: [wep]"), "services[0]: names no service -> did you mean web?"),
        (("cache: Purge", "restored: Purge"), "items.restored: is the name of another item -> choose another"),
        (("cache: Purge", "own-1: Purge"), "items.own-1: is the name of another item"),
        (("cache: Purge", "all: Purge"), "items.all: is the name of another item"),
        (("cache: Purge", "Cache It: Purge"), "no names that tick items"),
        (("Purge it", '"a\\nb"'), "not an item -> write one line of up to 300 letters"),
        (("{cache: Purge it, page: Look}", "{}"), "items"),
        (("}}}", "}}, more: {title: More, items: {cache: Again}}}"), "checklists.more.items.cache: is the name of an"),
    ],
)
def test_each_mistake_is_told(wrong: tuple[str, str], says: str) -> None:
    assert says in shown(SMALL + LIST.replace(*wrong))
