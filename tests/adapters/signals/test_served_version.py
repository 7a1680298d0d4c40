"""The version that an answer names, and texts that are no version."""

from typing import Any

import pytest

from tests.adapters.signals.sites import answering, probe, site
from watchdog.adapters.signals.options import ProbeOptions

SHA = "9f3c2ab7d61e05f48a2b9c7d3e6f1048b5c2d9e3"
HEADER, JSON = {"header": "x-commit"}, {"json_path": "$.build.commit"}


@pytest.mark.parametrize(
    ("place", "head", "body", "named"),
    [
        (HEADER, f"{SHA}", b"", SHA),
        (HEADER, f'"{SHA.upper()}"', b"", SHA),
        (HEADER, "v2.14.1-rc.1+build.7", b"", "v2.14.1-rc.1+build.7"),
        (HEADER, "", b"", ""),
        (HEADER, "two words", b"", ""),
        (HEADER, "abc", b"", ""),
        (HEADER, f"{'a' * 73}", b"", ""),
        (HEADER, "<script>", b"", ""),
        (JSON, "", b'{"build": {"commit": "9f3c2ab"}}', "9f3c2ab"),
        (JSON, "", b'{"build": {"commit": 1234567}}', ""),
        (JSON, "", b'{"build": {}}', ""),
        (JSON, "", b"<html>", ""),
        (JSON, "", b"[" * 60_000, ""),
        (JSON, "", b'{"build": {"commit": "9f3c2ab"}}' + b" " * 70_000, ""),
    ],
)
@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
async def test_the_version_an_answer_names(place: Any, head: str, body: bytes, named: str, status: str) -> None:
    """Good and failing answers alike; a word that could be anything else is none."""
    async with site(answering(body, status=status, headers={"X-Commit": head} if head else {})) as base:
        sample = await probe(base, version=place)
    assert sample.version == named


async def test_no_answer_names_no_version() -> None:
    async with site(answering(b"", headers={"X-Commit": SHA})) as base:
        assert (await probe(base)).version == ""
    assert (await probe(base, version=HEADER)).version == ""


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({}, "one place for the version, please: write header or json_path"),
        ({"header": "a", "json_path": "$.b"}, "one place for the version"),
        ({"json_path": "build.commit"}, "not a JSON path"),
        ({"header": "x commit"}, "not the name of a header: write letters, digits"),
        ({"header": ""}, "not the name of a header"),
    ],
)
def test_a_place_that_cannot_be_one_is_refused_in_words(written: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ProbeOptions.model_validate({"version": written})
