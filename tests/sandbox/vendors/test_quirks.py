"""Quirks: chosen by name, and each with evidence. What they do to bodies is in test_documents.py."""

import pytest

from tests.sandbox.world import opened
from watchdog.sandbox.vendors.quirks import QUIRKS, chosen


def test_quirks_are_chosen_and_each_has_a_reason() -> None:
    """True is all, False none; an unknown name is an error that tells the known ones."""
    assert chosen(True) == QUIRKS.keys() and chosen(False) == frozenset()
    assert chosen(["commit_null"]) == {"commit_null"}
    with pytest.raises(ValueError, match="commit_null"):
        chosen(["comit_null"])
    assert all(len(quirk.reason) > 30 for quirk in QUIRKS.values())


async def test_strange_deploys_are_old_ones_and_a_queued_rollback_is_listed() -> None:
    """With all quirks on the newest three deploys of web are the usual ones."""
    async with opened(quirks=True) as world:
        ids = [row["deploy"]["id"] for row in (await world.render("GET", "/services/srv-web/deploys")).json()]
        assert ids == ["dep-41", "dep-40", "dep-39", "dep-37", "dep-36", "dep-35"]
    async with opened(quirks=["queued_without_body"]) as world:
        answer = await world.rollback()
        assert (answer.status_code, answer.content) == (202, b"")
        newest = (await world.render("GET", "/services/srv-web/deploys?limit=1")).json()[0]["deploy"]
        assert (newest["id"], newest["trigger"]) == ("dep-42", "rollback")
