"""Rows of a console of the version before, as a worker of this one takes them: wired as in production."""

from pathlib import Path

import pytest

from tests.app.scenes import settings_of, watching, wired
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.severity import Severity

LEAD = "policy: {high: {approver: lead}}\ncontacts: {lead: {answers_as: [lead, 'token:lead']}}\n"
PROXY = "console: {proxy: {user_header: X-User, from: [127.0.0.1], approvers: [lead]}}\n"
ASKED = Incident("web-1", "web", Severity.HIGH, 1.0, 1.0, "slow", suspect="dep-42")


@pytest.mark.parametrize(("more", "words"), [(LEAD, ""), (LEAD + PROXY, "are of different versions")])
async def test_a_yes_of_the_console_before_is_refused_where_names_are_proven(
    tmp_path: Path, more: str, words: str
) -> None:
    """There it cannot be told whether the proxy said so, or the bearer of a token."""
    async with wired(settings_of(tmp_path, "assist", more)) as app:
        await watching(app)
        app.engine.state = State(services={"web": ServiceState("web", phase=Phase.ASKING, incident=ASKED)})
        app.supervisor.start("engine", app.engine.run)
        number = await app.store.submit("approve", {"incident": "web-1", "identity": "console:lead"}, "console:lead")
        await app.commands.apply_all()
        answered = await app.store.command(number)
        assert answered is not None and answered.done
        assert (words in answered.answer) if words else ("only lead may approve" not in answered.answer), answered
