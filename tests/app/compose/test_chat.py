"""What a channel shows of an incident, by a daemon that is wired and not started."""

from pathlib import Path

import pytest

from tests.app.scenes import settings_of, wired
from tests.cli import examples as x
from watchdog.app.compose.chat import HELP, ChatQueries
from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import ArgumentType
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import Write
from watchdog.presentation.checklists import checklists, open_items
from watchdog.presentation.follow_up_text import checklist_facts


@pytest.mark.parametrize("is_closed", [True, False])
async def test_what_is_left_to_people_of_a_closed_incident_is_said(tmp_path: Path, is_closed: bool) -> None:
    """As at a terminal: as many tasks as its checklists show; of an open one nothing is said of them."""
    incident = x.undone(x.decision(), closed_at=x.BEGIN + 87 if is_closed else None)
    settings = settings_of(tmp_path)
    async with wired(settings) as app:
        await app.store.save(Write(State(services={"web": ServiceState("web", incident=incident)})))
        facts = await checklist_facts(app.store, incident, settings.policy, {}, app.clock.now(), settings.checklists)
        said = await ChatQueries(app).explain(("web-1",))
        text = " ".join(" ".join(said.lines).split())
        left = (
            f"{open_items(checklists(facts))} tasks are open: see the checklists (`watchdog incident checklist web-1`)"
        )
        assert (f"Nothing more for the daemon; {left}." in text) is is_closed
        assert "Nothing to do." not in text


def test_the_help_names_every_flag() -> None:
    """Spelled as at a terminal; a channel takes it so."""
    flags = [one.option for row in COMMANDS.values() for one in row.arguments if one.kind is ArgumentType.FLAG]
    assert flags and all(one in " ".join(HELP) for one in flags)
