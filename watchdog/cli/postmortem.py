"""`watchdog incident postmortem`: the draft of a post-mortem in Markdown, from the record. Pure: facts in, lines out.

Rule 1: nothing is invented: an unknown value says so, and the parts that only people can write are marked as open.
Rule 2: foreign text passes through `markdown`, so that it stays text.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from watchdog.cli.impact import impact, when
from watchdog.domain.commands.command_line import QUOTED, command_line
from watchdog.domain.deploys import Deploy
from watchdog.domain.follow_ups import DEVELOPERS, LONG_TERM
from watchdog.domain.units import show_seconds
from watchdog.presentation import decision_text, next_steps
from watchdog.presentation.checklists import Item, checklists, due, follow_ups, owner_of
from watchdog.presentation.explain import COURSES, seen, severity, state_of
from watchdog.presentation.incident_facts import IncidentFacts
from watchdog.presentation.markdown import code, fenced, link, plain, table
from watchdog.presentation.proposals.deploy_checklist import proposed
from watchdog.presentation.text import day, moment, sentence, short, show_probability
from watchdog.presentation.timeline import Entry, shortened, timeline

NOT_KNOWN = "not known"
COMMITS_SHOWN, FILES_SHOWN = 20, 30


def postmortem(facts: IncidentFacts) -> list[str]:
    """Return the draft, line by line."""
    return joined(parts(facts))


def joined(parts: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of parts, with an empty one in between."""
    return [line for number, part in enumerate(parts) for line in (*([""] if number else []), *part)]


def parts(facts: IncidentFacts) -> list[list[str]]:
    """Return the draft's head and its sections, each as lines."""
    return [
        head(facts),
        ["## Summary", "", *summary(facts)],
        ["## Impact", "", *impact(facts)],
        ["## Times against the targets", "", *times(facts)],
        ["## Timeline", "", *story(facts)],
        ["## Suspect", "", *suspect(facts)],
        ["## What was weighed", "", *weighed(facts)],
        ["## Checklists of the runbook", "", *lists(facts)],
        ["## What people added", "", *added(facts)],
        ["## Root cause", "", *root_cause(facts)],
        ["## Lessons learned", "", *lessons()],
        ["## Deploy checklist", "", *deploy_checklist(facts)],
        ["## Action items", "", *action_items(facts)],
    ]


def facts_record(facts: IncidentFacts) -> dict[str, Any]:
    """Return the draft's additions to incident and checklists, for machines; `ended_at` is the end of the outage."""
    cause = facts.root_cause
    return {
        "ended_at": facts.ended_at,
        "target_seconds": facts.target_seconds,
        "timeline": timeline(facts.incident, facts.notes, facts.remarks),
        "minutes": facts.minutes,
        "notes": facts.remarks,
        "root_cause": cause.text if cause is not None else None,
        "commits": facts.changes,
        "commits_why": facts.changes_why,
    }


def head(facts: IncidentFacts) -> list[str]:
    """Return the title, and a note about the draft."""
    incident = facts.incident
    standing = f"{incident.severity.value.upper()}, {state_of(incident)}"
    what = f"{plain(incident.service)}, {plain(incident.title)}"
    return [
        f"# Post-mortem of {plain(incident.id)} ({day(incident.onset_at)}): {what}",
        "",
        f"**{standing}.** Draft from the watchdog's record of {moment(facts.now)}. What it says was recorded, what was "
        "not is called not known, and what only people can write is marked with ✍️.",
    ]


def summary(facts: IncidentFacts) -> list[str]:
    """Return the course of the incident in plain words."""
    incident, decision = facts.incident, facts.incident.decision
    lines = [_began(facts)]
    if decision is not None and decision.blame is None and not facts.by_hand:
        who = plain(incident.question.approved_by) if incident.question.approved_by else "a human"
        lines.append(f"At {when(decision.at, facts)} {who} asked for a manual rollback.")
    elif decision is not None and not facts.by_hand:
        after = show_seconds(max(0.0, decision.at - incident.onset_at))
        # The blame has a sentence of its own: a reason that repeats it is left out.
        repeated = decision.blame is not None and (decision.blame.convicts or decision.why == decision.blame.why)
        why = "" if repeated else f": {decision.why}"
        judged = f"After {after} the watchdog judged it {decision.severity} and decided to {COURSES[decision.course]}"
        lines.append(_end(f"{judged}{plain(why)}"))
        lines.append(_end(plain(sentence(decision.would))) if decision.would else "")
        lines.append(_blamed(facts))
    lines += [_acted(facts), _ended(facts)]
    if incident.human_needed:
        lines.append(f"People were needed: {_end(plain(incident.human_needed))}")
    return [" ".join(filter(None, lines))]


def _began(facts: IncidentFacts) -> str:
    incident = facts.incident
    name, title = plain(incident.service), plain(incident.title)
    if facts.by_hand and incident.rollback.undoes:
        return f"At {moment(incident.onset_at)} a human undid a rollback of **{name}**: {_end(title)}"
    if facts.by_hand:
        return f"At {moment(incident.onset_at)} a human asked for a rollback of **{name}**: {_end(title)}"
    return f"At {moment(incident.onset_at)} **{name}** began to fail: {_end(title)}"


def _blamed(facts: IncidentFacts) -> str:
    blame = facts.incident.decision.blame if facts.incident.decision is not None else None
    if blame is None or facts.suspect is None:
        return "No deploy could be blamed." if blame is not None else ""
    name = f"{code(facts.suspect.id)} ({_commit(facts, facts.suspect)})"
    if blame.probability is None:
        return f"Whether the deploy {name} is to blame was {NOT_KNOWN}: {_end(plain(blame.why))}"
    sure = f"P {show_probability(blame.probability)} (need {blame.need:.2f}): {blame.onset_why}"
    if blame.vetoed:
        return f"The deploy {name} was not blamed, by veto: {_end(plain('; '.join(one.why for one in blame.vetoed)))}"
    doubted = "suspected, but not surely enough to act on" if blame.likelier_than_not else "not blamed"
    verb = "blamed" if blame.convicts else doubted
    return f"The deploy {name} was {verb}, {_end(plain(sure))}"


def _acted(facts: IncidentFacts) -> str:
    incident, rollback = facts.incident, facts.incident.rollback
    if rollback.requested_at is None:
        return "Nothing was changed in production by the watchdog."
    by = f", approved by {plain(incident.question.approved_by)}" if incident.question.approved_by else ""
    as_what = f" as {code(rollback.deploy)}" if rollback.deploy else ""
    at, target = when(rollback.requested_at, facts), f"{code(rollback.target)}{as_what}"
    noun, done = f"rollback to {target}", f"it was rolled back to {target}"
    if rollback.rebuilds:
        commit = f"commit {code(short(rollback.target_code))}"
        noun, done = f"rebuild of {commit}{as_what}", f"{commit} was rebuilt{as_what}"
    if rollback.restored_at is None:
        seen = "is not seen live yet" if incident.closed_at is None else "was not seen live"
        return f"At {at} a {noun} was requested{by}; it {seen}."
    return f"At {at} {done}{by}."


def _ended(facts: IncidentFacts) -> str:
    incident, rollback = facts.incident, facts.incident.rollback
    if rollback.verified_at is not None and rollback.restored_at is not None:
        lasted, live = show_seconds(rollback.restored_at - incident.onset_at), when(rollback.restored_at, facts)
        if rollback.healed_at is not None:
            healed = show_seconds(rollback.healed_at - incident.onset_at)
            return (
                f"All was good again at {when(rollback.healed_at, facts)}, {healed} after the onset, before the "
                f"rollback took traffic (live at {live}): the deploy may be innocent."
            )
        return (
            f"The rollback was live at {live}, {lasted} after the onset, and fresh readings "
            f"proved the recovery by {when(rollback.verified_at, facts)}."
        )
    if facts.ended_at is not None:
        lasted = show_seconds(facts.ended_at - incident.onset_at)
        how = plain(incident.outcome)
        return f"By {moment(facts.ended_at)} every check was good again, {lasted} after the onset ({how})."
    if incident.closed_at is not None:
        return f"It was closed at {moment(incident.closed_at)}: {_end(plain(incident.outcome))}"
    return f"**It is still open**, {show_seconds(facts.now - incident.onset_at)} after the onset."


def times(facts: IncidentFacts) -> list[str]:
    """Return detection, request and recovery times against the policy's targets."""
    incident = facts.incident
    rows = [
        # A rollback by hand detects nothing: its onset is the command itself.
        ("Onset to the first decision (detection)", None if facts.by_hand else incident.opened_at, None),
        ("Onset to rollback request", incident.rollback.requested_at, None),
        ("Onset to restored", facts.ended_at, facts.target_seconds),
        ("Onset to recovery proved", facts.proved, None),
    ]
    return table(("Step", "Took", "Target", ""), [_timed(facts, *row) for row in rows])


def _timed(facts: IncidentFacts, name: str, at: float | None, target: float | None) -> tuple[str, ...]:
    onset, shown = facts.incident.onset_at, show_seconds(target) if target is not None else "none set"
    if at is not None:
        verdict = "" if target is None else "met" if at - onset <= target else "**missed**"
        return (name, show_seconds(max(0.0, at - onset)), shown, verdict)
    # An open incident past its target has missed it, however it will end.
    late = target is not None and facts.incident.closed_at is None and facts.now - onset > target
    return (name, "not yet" if facts.incident.closed_at is None else "never", shown, "**missed**" if late else "")


def story(facts: IncidentFacts) -> list[str]:
    """Return the timeline as a table, each line with its source."""
    first, left_out, last = shortened(timeline(facts.incident, facts.notes, facts.remarks))
    rows = [_table_row(entry, facts) for entry in first]
    rows += [("…", "", f"{left_out} lines left out")] if left_out else []
    rows += [_table_row(entry, facts) for entry in last]
    return [
        "Times are UTC. *Seen*: a reading, or the platform's own list. *Decided*, *done*: by the watchdog. *Said*: to "
        "people (when it was handed to the channels) or by them.",
        "",
        *table(("Time", "Source", "What"), rows),
    ]


def _table_row(entry: Entry, facts: IncidentFacts) -> tuple[str, str, str]:
    return (when(entry.at, facts), entry.source, plain(entry.what))


def suspect(facts: IncidentFacts) -> list[str]:
    """Return the deploy in question, its commit and message, with links to them."""
    deploy, incident = facts.suspect, facts.incident
    if deploy is None and incident.suspect is None:
        return ["No deploy was suspected."]
    if deploy is None:
        return [f"- Deploy {code(incident.suspect)}, commit {code(short(incident.suspect_code))}: rolled back by hand."]
    message = deploy.commit_message.strip()
    rows = [
        ("Deploy", _deploy(facts, deploy)),
        ("Live since", moment(deploy.finished_at) if deploy.finished_at is not None else NOT_KNOWN),
        ("Trigger", code(deploy.trigger)),
        ("Commit", _commit(facts, deploy)),
        ("Message", code(message.split("\n")[0]) or NOT_KNOWN),
        ("Author", _author(facts)),
        ("Against the target", _compare(facts, deploy)),
    ]
    if deploy.changed:
        rows.append(("Configuration that changed", plain(", ".join(deploy.changed))))
    return [f"- {name}: {value}" for name, value in rows] + _changes(facts)


def _author(facts: IncidentFacts) -> str:
    """Return the author of the suspect's own commit, its newest."""
    if facts.changes is None:
        return f"{NOT_KNOWN}: {plain(facts.changes_why) or 'Render does not say; `repository: github` would'}"
    newest = facts.changes.commits[0].author if facts.changes.commits else ""
    return plain(newest) or NOT_KNOWN


def _changes(facts: IncidentFacts) -> list[str]:
    """Return the commits between the target and the suspect, with authors, and the files that differ."""
    changes, repo = facts.changes, _repo(facts)
    if changes is None:
        return []
    if not changes.commits:
        return ["", f"Commits since the target: {plain(changes.summary)}."]
    rows = [
        (link(short(one.sha), f"{repo}/commit/{one.sha}"), code(one.title), plain(one.author), moment(one.at))
        for one in changes.commits[:COMMITS_SHOWN]
    ]
    left = changes.total - len(rows)
    lines = ["", "Commits since the target, newest first:", "", *table(("Commit", "Message", "Author", "At"), rows)]
    lines += ["", f"… and {left} more: {link('all of them', changes.href)}"] if left > 0 else []
    files = ", ".join(code(name) for name in changes.files[:FILES_SHOWN])
    more = f" and {len(changes.files) - FILES_SHOWN} more" if len(changes.files) > FILES_SHOWN else ""
    return [*lines, "", f"Files that differ ({len(changes.files)}): {files}{more}" if files else "No file differs."]


def _deploy(facts: IncidentFacts, deploy: Deploy) -> str:
    page = facts.service.dashboard_url if facts.service is not None else None
    return f"{code(deploy.id)}, {link('in the dashboard', f'{page}/deploys/{deploy.id}')}" if page else code(deploy.id)


def _repo(facts: IncidentFacts) -> str | None:
    """Return the address of the repository if commits have pages there: on GitHub."""
    repo = facts.service.repo if facts.service is not None else None
    return repo.removesuffix(".git") if repo is not None and repo.startswith("https://github.com/") else None


def _commit(facts: IncidentFacts, deploy: Deploy) -> str:
    repo = _repo(facts)
    if deploy.code is None:
        return f"commit {NOT_KNOWN}"
    shown = short(deploy.code)
    # The code of an image is a digest: no commit, and no page.
    return link(shown, f"{repo}/commit/{deploy.commit}") if repo and deploy.commit else code(shown)


def _compare(facts: IncidentFacts, deploy: Deploy) -> str:
    repo, chosen, target = _repo(facts), facts.incident.rollback.target, facts.incident.rollback.target_code
    if chosen is None:
        return "no target was chosen"
    if not repo or not target or not deploy.commit:
        return f"{code(chosen)} {code(short(target))}; no address of the code is known to compare at"
    return f"{code(chosen)}, {link('what changed', f'{repo}/compare/{target}...{deploy.commit}')}"


def weighed(facts: IncidentFacts) -> list[str]:
    """Return the judgement as `watchdog explain --all` prints it: evidence, blame, vetoes, guards, target, doubts."""
    incident, decision = facts.incident, facts.incident.decision
    blocks = [seen(incident)]
    if decision is not None:
        blocks += [severity(decision), decision_text.blame(decision, all_vetoes=True, repo=_repo(facts))]
        blocks += [decision_text.guards(decision.guards), decision_text.target(decision.target)]
    blocks += [next_steps.unsure(incident), next_steps.otherwise(decision)]
    lines = list(chain.from_iterable(blocks))
    return fenced(lines) if lines else ["Nothing was decided yet."]


def lists(facts: IncidentFacts) -> list[str]:
    """Return the runbook's checklists, ticked by the record or by people."""
    lines: list[str] = []
    for one in checklists(facts):
        lines += [*([""] if lines else []), f"### {one.title}", "", *map(_item, one.items)]
    return lines


def _item(item: Item) -> str:
    known = f" ({plain(item.evidence)})" if item.evidence else ""
    if item.done:
        return f"- [x] {plain(item.text)}: {plain(item.evidence)}"
    return f"- [ ] {plain(item.text)}{known}: ✍️ {plain(item.owner)}, due {item.due}"


def added(facts: IncidentFacts) -> list[str]:
    """Return the remarks of people."""
    lines = [
        f"- {moment(one.at)}, {plain(one.by)}{', root cause' if one.root_cause else ''}: {plain(one.text)}"
        for one in facts.remarks
    ]
    if facts.label is not None:
        lines.append(f"- The watchdog's judgement was called **{plain(facts.label)}** by a human.")
    how = command_line("note", facts.incident.id, QUOTED)
    return lines or [f"Nothing yet: `{how}` adds a line, here and to the timeline."]


def root_cause(facts: IncidentFacts) -> list[str]:
    """Return the root cause that people named, or a request for it."""
    cause = facts.root_cause
    if cause is not None:
        return [f"Named by {plain(cause.by)} at {moment(cause.at)}: {_end(plain(cause.text))}"]
    how = command_line("note", facts.incident.id, "--root-cause", QUOTED)
    return [f"✍️ To be filled in, here or with `{how}`. What the watchdog blamed is a suspect, not a cause."]


def lessons() -> list[str]:
    """Return the questions for the review meeting."""
    return [f"- {question}: ✍️" for question in ("What went well", "What went badly", "Where we were lucky")]


def deploy_checklist(facts: IncidentFacts) -> list[str]:
    """Return what the incident proposes to ask before each deploy."""
    lines = [f"- [ ] {plain(sentence(question))}" for question in proposed(facts)]
    if not lines:
        return ["Nothing is proposed by the record: no deploy is likely to blame."]
    kept = command_line("tick", facts.incident.id, "deploy-checklist")
    return ["To be asked before a deploy; keep what fits:", "", *lines, "", f"Once it is kept: `{kept}`."]


def action_items(facts: IncidentFacts) -> list[str]:
    """Return the open work, each item with owner and due time, and people's own follow-ups, done or not."""
    whose, when = plain(owner_of(facts, DEVELOPERS)), due(facts, LONG_TERM)
    steps = next_steps.steps_left(facts.incident, facts.label, facts.notes, facts.state)
    lines = [f"- [ ] {plain(sentence(step))} ✍️ {whose}, due {when}" for step in steps if _left(facts, step)]
    own = {one.id for one in facts.follow_ups}
    lines += [_item(one) for one in follow_ups(facts) if one.id in own or not one.done]
    name = facts.incident.id
    adds = command_line("follow-up", name, QUOTED)
    how = f"`{command_line('tick', name, 'ITEM')}` ticks one, `{adds}` adds one."
    return [*(lines or ["No follow-up is open."]), "", how]


def _left(facts: IncidentFacts, step: str) -> bool:
    """Return whether a step is still open: auto-deploy may have been restored since."""
    now = facts.service.auto_deploy if facts.service is not None else "off"
    return not step.startswith("restore auto-deploy") or now == "off"


def _end(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
