"""Commands for after an incident: a note for its record, and the draft of its post-mortem."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from watchdog.cli.command_context import Context, no_such_incident, usage_error
from watchdog.cli.human_commands import annotate
from watchdog.cli.options import As, AsJson, Flag, It

if TYPE_CHECKING:
    from watchdog.ports import Clock, Store
    from watchdog.presentation.incident_facts import IncidentFacts
    from watchdog.settings import Settings

NOTES_READ = 5000
BEFORE_SECONDS = 600.0
AFTER_SECONDS = 60.0
"""Time read around an incident: notes before it, minutes after it."""


async def note(
    incident: str,
    text: str,
    /,
    *,
    root_cause: Flag = False,
    by: As = None,
    ctx: It,
) -> int:
    """Add a note to an incident: to its timeline, to `explain`, to its post-mortem.

    Parameters
    ----------
    incident
        Its id, as in web-1 (`watchdog incident list` lists them).
    text
        The note, at most 1000 characters.
    root_cause
        The note names the root cause: `history` shows it too. The last one counts.
    by
        The author, if not you.
    """
    return await annotate(ctx, "note", incident, {"text": text, "root_cause": root_cause}, ctx.author(by))


async def postmortem(
    incident: str,
    /,
    *,
    to: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Draft the post-mortem of an incident in Markdown: timeline, impact, suspect, checklists, action items.

    Parameters
    ----------
    incident
        Its id, as in web-1 (`watchdog incident list` lists them).
    to
        A file to write it to, instead of the terminal; an existing one is not overwritten.
    as_json
        The facts instead of the draft, as one JSON object: the incident and its checklists as in the console's API, the
        timeline with its sources, the readings by the minute, the notes of people, the commits.
    """
    from watchdog.cli import output
    from watchdog.cli.json_output import json_lines
    from watchdog.cli.postmortem import facts_record
    from watchdog.cli.postmortem import postmortem as drafted

    settings = ctx.settings()
    async with ctx.app().reading(settings) as store:
        views = await _views(store, settings, ctx.clock(), incident) if as_json else {}
    facts = await whole_record(ctx, settings, incident)
    lines = json_lines(views | facts_record(facts)) if as_json else drafted(facts)
    if to is None:
        output.show_lines(lines)
        return output.DONE
    try:
        # "x" fails on an existing file: a draft that people have edited must not be lost.
        with to.open("x", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
    except OSError as error:
        usage_error(str(to), f"cannot be written ({error.strerror})", "give --output a new file in a folder of yours")
    output.show_lines([f"Written to {to}."])
    return output.DONE


async def _views(store: "Store", settings: "Settings", clock: "Clock", incident: str) -> dict[str, Any]:
    """Return the incident and its checklists as in the console's API."""
    from watchdog.cli.api_views import queries

    asked = await queries(store, settings, clock)
    return {"incident": await asked.incident(incident), "checklists": await asked.following.checklist(incident)}


def hour_or_minute(onset_at: float, now: float) -> float:
    """Return the begin of the readings to read: the minute before the onset, or its hour where only hours are kept."""
    kept = now - onset_at < 48 * 3600.0
    return onset_at - onset_at % 60.0 - 60.0 if kept else onset_at - onset_at % 3600.0


async def whole_record(ctx: Context, settings: "Settings", incident: str) -> "IncidentFacts":
    """Return the record of an incident, and what its repository says of the suspect's commits.

    Raises ConfigurationError for an unknown id.
    """
    from dataclasses import replace

    from watchdog.cli.commits import compared

    async with ctx.app().reading(settings) as store:
        facts = await _facts(store, settings, incident, ctx.clock().now())
    asked = await compared(ctx, settings, facts.incident, facts.service)
    return replace(facts, changes=asked.found, changes_why=asked.why)


async def _facts(store: "Store", settings: "Settings", incident_id: str, now: float) -> "IncidentFacts":
    """Return the whole record of an incident. Raises ConfigurationError for an unknown id."""
    from watchdog.presentation.incident_facts import IncidentFacts
    from watchdog.presentation.outlooks.current_state import current_state

    incident = await store.incident(incident_id)
    if incident is None:
        no_such_incident(incident_id)
    since, until = incident.onset_at - BEFORE_SECONDS, (incident.closed_at or now) + AFTER_SECONDS
    state, service_policy = await store.load(), settings.policy.services.get(incident.service)
    known = state.services.get(incident.service) if state is not None else None
    # The suspicion is noted before the incident has an id, so it is among the service's notes.
    before = await store.notes(service=incident.service, since=since, until=incident.opened_at, limit=NOTES_READ)
    own = await store.notes(incident=incident_id, limit=NOTES_READ)
    return IncidentFacts(
        incident=incident,
        now=now,
        # The two queries overlap: the incident's own notes come from the second.
        notes=[*(one for one in before if one.incident != incident_id), *own],
        remarks=await store.remarks(incident_id),
        label=(await store.labels()).get(incident_id),
        minutes=await store.minutes(incident.service, hour_or_minute(incident.onset_at, now), until),
        target_seconds=settings.policy.matrix[incident.severity].within_seconds,
        signals={signal.name: signal.kind for signal in service_policy.signals} if service_policy is not None else {},
        service=known.facts if known is not None else None,
        ticks=await store.ticks(incident_id),
        follow_ups=await store.follow_ups(incident_id),
        owners=settings.owners,
        own_lists=settings.checklists,
        state=current_state(incident, state, settings.policy, now) if state is not None else None,
    )
