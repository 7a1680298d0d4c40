"""The demo says which deploy breaks the site, as the simulated cloud's log has it."""

from watchdog.app.sandbox_demo.announcer import Announcer

LIVE = {"at": 110.0, "what": "deploy_live", "service": "web", "deploy": "dep-42", "commit": "9f3c2abd4e5f"}
BROKEN = {"at": 114.0, "what": "fault_started", "target": "web", "kind": "error", "deploy": "dep-42"}
OUTSIDE = {"at": 120.0, "what": "fault_started", "target": "openai", "kind": "outage"}
ASKED = {"at": 111.0, "what": "request", "vendor": "render", "method": "GET", "path": "/"}


def test_each_entry_is_announced_once() -> None:
    told: list[tuple[float, str, str]] = []
    announcer = Announcer(lambda *line: told.append(line))
    for story in ([LIVE, ASKED], [LIVE, ASKED], [LIVE, ASKED, BROKEN, OUTSIDE]):
        announcer.tell(story)
    assert told == [
        (110.0, "DEPLOY", "dep-42 (commit 9f3c2ab) is live on web"),
        (114.0, "FAULT", "web begins to fail (error): dep-42 breaks it"),
        (120.0, "FAULT", "openai begins to fail (outage)"),
    ]
