"""What is made of each tool's file is read over real HTTP: the simulated site is as that tool would find it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.settings.other_tools.made import made
from tests.settings.texts import loaded
from watchdog.app.commands.cli_service import once
from watchdog.domain.readings import Bad, Good
from watchdog.sandbox.server import Sandbox


@pytest.fixture
async def cloud() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


GATUS = """
endpoints:
  - {name: page, url: "SITE", conditions: ["[STATUS] == 200", "[BODY] == pat(*</html>*)"]}
  - {name: api, url: "SITE/api/test", conditions: ["[BODY].status == ok", "len([BODY].status) < 3"]}
  - {name: wrong, url: "SITE/api/test", conditions: ["[BODY].status == down"]}
  - {name: gone, url: "SITE/none", conditions: ["[STATUS] < 400"]}
  - {name: port, url: "tcp://PLACE", conditions: ["[CONNECTED] == true"]}
"""
UPPTIME = """
owner: acme
repo: status
sites:
  - {name: page, url: "SITE", __dangerous__body_down_if_text_missing: "</html>"}
  - {name: api, url: "SITE/api/test", expectedStatusCodes: [200]}
  - {name: wrong, url: "SITE/api/test", __dangerous__body_down_if_text_missing: down}
  - {name: gone, url: "SITE/none"}
  - {name: port, check: tcp-ping, url: HOST, port: PORT}
"""
QUERY = {"type": "json-query", "url": "SITE/api/test", "jsonPath": "$.status", "expectedValue": "ok"}
KUMA = json.dumps(
    {
        "monitorList": [
            {"name": "page", "type": "keyword", "url": "SITE", "keyword": "</html>"},
            {"name": "api", **QUERY},
            {"name": "wrong", **QUERY, "expectedValue": "down"},
            {"name": "gone", "type": "http", "url": "SITE/none", "accepted_statuscodes": ["200-299"]},
            {"name": "port", "type": "port", "hostname": "HOST", "port": "PORT"},
        ]
    }
)
JOB = """
  - job_name: NAME
    metrics_path: /probe
    params: {module: [NAME]}
    static_configs: [{targets: ["TARGET"], labels: {name: NAME}}]
"""
BLACKBOX = (
    """
modules:
  page: {prober: http, http: {fail_if_body_not_matches_regexp: ["</html>", "<h[1-3]|<title"]}}
  api: {prober: http, http: {valid_status_codes: [200], fail_if_header_not_matches: [HEADER]}}
  wrong: {prober: http, http: {fail_if_body_not_matches_regexp: [down]}}
  gone: {prober: http}
  port: {prober: tcp}
scrape_configs:
""".replace("HEADER", "{header: content-type, regexp: json}")
    + "".join(
        JOB.replace("NAME", name).replace("TARGET", target)
        for name, target in (
            ("page", "SITE"),
            ("api", "SITE/api/test"),
            ("wrong", "SITE/api/test"),
            ("gone", "SITE/none"),
            ("port", "PLACE"),
        )
    )
)


@pytest.mark.parametrize("text", [GATUS, UPPTIME, KUMA, BLACKBOX], ids=["Gatus", "Upptime", "Uptime Kuma", "blackbox"])
async def test_what_is_good_there_is_good_here(cloud: Sandbox, tmp_path: Path, text: str) -> None:
    site = cloud.urls["site"].rstrip("/")
    place = site.partition("://")[2]
    host, _, port = place.partition(":")
    for word, value in (("SITE", site), ("PLACE", place), ("HOST", host), ("PORT", port)):
        text = text.replace(word, value)
    came = made(tmp_path, text)
    assert came.carried == 5
    elsewhere = f"vendor_status: []\ncontrol: {json.dumps(cloud.urls['control'])}\n"
    read = {one.service: one.reading for one in await once(loaded(came.text + elsewhere)) if one.service != "control"}
    kinds = {name: type(reading) for name, reading in read.items()}
    assert kinds == {"page": Good, "api": Good, "wrong": Bad, "gone": Bad, "port": Good}, read
