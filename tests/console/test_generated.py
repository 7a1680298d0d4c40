"""The JSON API against requests that are generated from its own OpenAPI document: never a 5xx, always as described."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from tests.browser.chromium import missing
from tests.console.desk_scene import asking
from tests.console.scene import bearer

pytestmark = pytest.mark.long

EXAMPLES = 10
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


async def test_no_generated_request_is_answered_by_a_5xx() -> None:
    """Every path and method of the document, with what fits it and with what does not (schemathesis)."""
    try:
        import schemathesis
    except ImportError:
        missing("schemathesis is not installed: pip install -e '.[dev]'")
    seen: dict[str, set[int]] = {}
    async with asking() as o:
        document: Mapping[str, Any] = (await o.client.get("/api/v1/openapi.json", headers=bearer())).json()
        base = str(o.client.base_url).rstrip("/") + "/api/v1"

        def attack() -> None:
            schema = schemathesis.openapi.from_dict(document)
            for result in schema.get_all_operations():
                for mode in schemathesis.GenerationMode:
                    attempt(result.ok(), mode)

        def attempt(operation: Any, mode: Any) -> None:
            @QUIET
            @given(case=operation.as_strategy(generation_mode=mode))
            def one(case: Any) -> None:
                answer = case.call(base_url=base, headers=dict(bearer()))
                seen.setdefault(f"{case.method} {case.path}", set()).add(answer.status_code)
                assert answer.status_code < 500, (case.as_curl_command(), answer.text)

            with contextlib.suppress(Unsatisfiable):  # nothing can be wrong with what takes nothing
                one()

        await asyncio.to_thread(attack)
    assert len(seen) == sum(len(methods) for methods in document["paths"].values())
    assert {200, 404, 422} <= set().union(*seen.values())
