"""Commands for follow-up work: checklists, ticks, follow-ups. Each writes to the record at once."""

from typing import TYPE_CHECKING

from watchdog.cli.command_context import no_such_incident, usage_error
from watchdog.cli.human_commands import annotate
from watchdog.cli.options import As, AsJson, Flag, It
from watchdog.domain.follow_ups import DEVELOPERS, DUE
from watchdog.presentation.text import clean

if TYPE_CHECKING:
    from watchdog.ports import Store
    from watchdog.presentation.checklists import Item
    from watchdog.presentation.incident_facts import IncidentFacts
    from watchdog.settings import Settings

EVERYTHING = "all"


async def checklist(incident: str, /, *, as_json: AsJson = False, ctx: It) -> int:
    """Show the runbook's checklists for an incident: done items with their evidence; open items with owner and due
    time.

    Parameters
    ----------
    incident
        Its id, as in web-1 (`watchdog incident list` lists them).
    as_json
        Print one JSON array.
    """
    from watchdog.cli import output
    from watchdog.cli.checklist_text import checklist_lines, item_record
    from watchdog.presentation.checklists import checklists

    settings, now = ctx.settings(), ctx.clock().now()
    async with ctx.app().reading(settings) as store:
        facts = await _facts(store, settings, incident, now)
    lists = checklists(facts)
    if as_json:
        items = [(one.title, item) for one in lists for item in one.items]
        return output.show_json([item_record(facts.incident, *one, now) for one in items])
    output.show_lines(checklist_lines(facts.incident, lists, now))
    return output.DONE


async def follow_ups(*, as_json: AsJson = False, ctx: It) -> int:
    """List open items of all incidents: the runbook's after a rollback, and the follow-ups that people added.

    Parameters
    ----------
    as_json
        Print one JSON array.
    """
    from watchdog.cli import output, tables
    from watchdog.cli.checklist_text import item_record, open_head, open_rows, open_sum
    from watchdog.presentation.follow_up_text import FollowUps

    settings, clock = ctx.settings(), ctx.clock()
    async with ctx.app().reading(settings) as store:
        found = await FollowUps(store, clock).open(settings.policy, settings.owners)
    now = clock.now()
    if as_json:
        return output.show_json([item_record(one.incident, "", one.item, now) for one in found])
    if found:
        output.show_table(tables.table(open_head(now, ctx.zone()), open_rows(found, now, ctx.zone())))
        output.show_lines(["", open_sum(found, now)])
    else:
        output.show_lines(["Nothing is open."])
    return output.DONE


async def tick(
    incident: str,
    /,
    *items: str,
    undo: Flag = False,
    by: As = None,
    ctx: It,
) -> int:
    """Tick items of an incident's checklists as done.

    Parameters
    ----------
    incident
        Its id, as in web-1.
    items
        As `watchdog incident checklist` names them: stakeholders, post-mortem, own-1. `all` ticks every open item after
        the rollback.
    undo
        Remove ticks instead.
    by
        The person who did it, if not you.
    """
    from watchdog.cli import output

    who, settings = ctx.author(by), ctx.settings()
    async with ctx.app().reading(settings) as store:
        facts = await _facts(store, settings, incident, ctx.clock().now())
    asked = [("tick", {"incident": incident, "item": one.id, "undo": undo}) for one in _chosen(facts, items, undo)]
    answered = await ctx.app().annotate(settings, asked, who) if asked else []
    for one in answered:
        if not one.ok:
            output.print_error(one.answer)
    said = [f"{clean(one.answer)}." for one in answered if one.ok]
    output.show_lines(said or ([] if answered else ["Nothing to tick: no follow-up is open."]))
    return output.DONE if len(said) == len(answered) else output.FAILED


def _chosen(facts: "IncidentFacts", names: tuple[str, ...], undo: bool) -> "list[Item]":
    """Return the named items. Raises ConfigurationError for an unknown item, or one that cannot change."""
    from watchdog.presentation.checklists import checklists, follow_ups

    known = {item.id: item for one in checklists(facts) for item in one.items}
    if names == (EVERYTHING,):
        # An undo concerns ticks of people alone: an item that is done by the record has none.
        return [item for item in follow_ups(facts) if (item.tick is not None if undo else not item.done)]
    if not names:
        usage_error("ITEM", "none is named", f"one of: {', '.join(known)}")
    for name in names:
        if name not in known:
            usage_error(clean(name), f"no such item of {clean(facts.incident.id)}", f"one of: {', '.join(known)}")
        # Done by the record: a tick would claim a person's work, and could not be removed again.
        if known[name].seen and known[name].tick is None:
            usage_error(name, f"done by the record ({clean(known[name].evidence)})", "there is nothing to tick or undo")
    return [known[name] for name in dict.fromkeys(names)]


async def follow_up(
    incident: str, text: str, /, *, owner: str = DEVELOPERS, due: str = DUE, by: As = None, ctx: It
) -> int:
    """Add a follow-up of your own to an incident; it stays listed until it is ticked.

    Parameters
    ----------
    incident
        Its id, as in web-1.
    text
        The task, at most 300 characters.
    owner
        The owner: a role (team lead), a contact, a name.
    due
        The time until it is due, as in 3d.
    by
        The person who adds it, if not you.
    """
    return await annotate(ctx, "follow-up", incident, {"text": text, "owner": owner, "due": due}, ctx.author(by))


async def _facts(store: "Store", settings: "Settings", incident: str, now: float) -> "IncidentFacts":
    """Return the data of the checklists. Raises ConfigurationError for an unknown id."""
    from watchdog.presentation.follow_up_text import checklist_facts

    found = await store.incident(incident)
    if found is None:
        no_such_incident(incident)
    return await checklist_facts(store, found, settings.policy, settings.owners, now, settings.checklists)
