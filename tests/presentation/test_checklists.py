"""The runbook's checklists: what ticks an item, whose it is, and by when."""

from dataclasses import replace

import pytest

from tests.cli import examples as x
from tests.core.incident_fields import amended
from watchdog.domain.decisions import Course, GuardAnswer, TargetChoice, Verdict, Veto
from watchdog.domain.follow_ups import RUNBOOK, FollowUp, Tick
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.severity import Severity
from watchdog.presentation.checklists import KNOWN, Item, checklists, follow_ups
from watchdog.presentation.incident_facts import IncidentFacts, OwnChecklist

SIGNALS = {"home": "http", "api": "latency", "errors": "sentry"}
END = x.BEGIN + 57
HUMAN = x.undone(x.decision(course=Course.PAGE), human_needed="not to blame", target=None, target_code=None)


def facts(incident: Incident | None = None, **changes: object) -> IncidentFacts:
    whole = IncidentFacts(
        incident or x.incident(verification="home: good; errors still unknown", unproved=("errors",)),
        x.BEGIN + 7200,
        notes=x.NOTES,
        target_seconds=300.0,
        signals=SIGNALS,
    )
    return replace(whole, **changes)


def items(given: IncidentFacts) -> dict[str, Item]:
    return {item.id: item for one in checklists(given) for item in one.items}


def test_the_lists_are_the_runbooks_in_its_order() -> None:
    """Four of them, each item once; people's own come after, if there are any.

    Their ids are typed, and stay in the record: short, unlike each other, and no follow-up's.
    """
    lists = checklists(facts())
    assert [one.title for one in lists] == [
        "Pre-rollback", "0-15 minutes after the rollback", "15-60 minutes after the rollback",
        "1-24 hours after the rollback",
    ]  # fmt: skip
    assert [item.id for one in lists for item in one.items] == [one.id for one in RUNBOOK]
    assert [len(one.items) for one in lists] == [6, 4, 5, 5]
    assert checklists(facts(HUMAN))[1].title == "0-15 minutes after it was restored"
    ids = [one.id for one in RUNBOOK]
    assert len(set(ids)) == len(ids) and set(KNOWN) <= set(ids) and "all" not in ids
    assert all(len(name) <= 16 and name.replace("-", "").isalpha() and not name.startswith("own-") for name in ids)


def test_the_lists_of_the_configuration_come_first_and_are_ticked_by_people() -> None:
    """Those of the incident's service, and those of all."""
    mine = OwnChecklist("The shop is down", {"cache": "Purge it", "provider": "Ask"}, ("web",))
    tick = Tick(x.BEGIN + 60, "web-1", "cache", "ann")
    given = facts(own_lists=(mine, OwnChecklist("Everywhere", {"page": "Look"}), replace(mine, services=("api",))))
    given = replace(given, ticks=(tick,), owners={"on-call engineer": "lead"})
    assert [one.title for one in checklists(given)][:3] == ["The shop is down", "Everywhere", "Pre-rollback"]
    found = items(given)
    assert (found["cache"].done, found["cache"].evidence[:13], found["provider"].done) == (True, "ticked by ann", False)
    assert (found["provider"].owner, found["provider"].due) == ("lead (on-call engineer)", "during the incident")
    assert not {"cache", "provider"} & {item.id for item in follow_ups(given)}, "no work after the incident"


SEEN = {
    "documented": (HUMAN, replace(HUMAN, findings=())),
    "last-good": (x.incident(), x.incident(decision=x.decision(target=TargetChoice(None, "none was good")))),
    "deploy-related": (
        x.incident(decision=x.decision(blame=x.blame(vetoes=(Veto("blind", True, "no control answers"),)))),
        x.incident(decision=x.decision(blame=x.blame(probability=0.6))),
    ),
    "hotfix": (
        x.incident(),
        x.incident(decision=x.decision(guards=(GuardAnswer("newer deploy", Verdict.ASK, "dep-43 builds"),))),
    ),
    "approval": (x.incident(approved_by="ann", approved_at=END), amended(HUMAN, asked_at=END)),
    "restored": (x.incident(), x.incident(verified_at=None, closed_at=None, human_needed="it did not help")),
    "errors": (x.incident(unproved=()), x.incident(unproved=("errors",))),
    "response-times": (x.incident(), HUMAN),
    "log": (HUMAN, None),
}


@pytest.mark.parametrize("name", SEEN)
def test_the_record_ticks_what_it_shows_and_nothing_else(name: str) -> None:
    """With evidence; what it does not show is open, with what is known instead."""
    shown, not_shown = SEEN[name]
    item = items(facts(shown))[name]
    assert item.done and item.seen and item.tick is None and item.evidence
    if not_shown is not None:
        item = items(facts(not_shown))[name]
        assert not item.done and not item.seen and item.evidence and item.owner


def test_without_anything_known_nothing_is_ticked() -> None:
    """But that it is recorded; the team was told by a note of this incident, not of another."""
    assert items(facts())["team-told"].seen
    others = [replace(note, incident="web-2") for note in x.NOTES]
    assert not items(facts(notes=others))["team-told"].seen
    bare = IncidentFacts(Incident("web-1", "web", Severity.HIGH, 5.0, 4.0, "slow"), 6.0)
    assert [name for name, item in items(bare).items() if item.done] == ["log"]
    assert {item.due for item in checklists(bare)[0].items} == {"no time is set"}


def test_a_tick_holds_until_it_is_undone_and_hides_nothing_that_was_seen() -> None:
    """The last word counts, of this incident alone."""
    tick = Tick(END, "web-1", "lessons", "ann")
    item = items(facts(ticks=[tick]))["lessons"]
    assert item.done and not item.seen and item.evidence == "ticked by ann, 2026-11-25 02:15 UTC"
    undone = replace(tick, at=END + 1, by="bob", undone=True)
    assert not items(facts(ticks=[tick, undone]))["lessons"].done
    assert items(facts(ticks=[tick, undone, replace(tick, by="eve")]))["lessons"].tick == replace(tick, by="eve")
    assert not items(facts(ticks=[replace(tick, incident="web-2")]))["lessons"].done
    seen = items(facts(ticks=[replace(tick, item="restored")]))["restored"]
    assert seen.evidence == "02:15:31: home: good; errors still unknown; ticked by ann, 2026-11-25 02:15 UTC"
    named = items(facts(remarks=[Remark(END, "web-1", "bob", "a lock", root_cause=True)]))["root-cause"]
    assert named.seen and named.evidence == "2026-11-25 02:15:01 UTC, by bob: a lock", "no tick is needed"


@pytest.mark.parametrize(
    ("severity", "owner"),
    [
        (Severity.CRITICAL, "on-call engineer"),
        (Severity.HIGH, "team lead"),
        (Severity.MEDIUM, "development team"),
        (Severity.LOW, "product owner"),
    ],
)
def test_before_a_rollback_who_decides_owns_it_by_the_policy_s_time(severity: Severity, owner: str) -> None:
    """The runbook's matrix; once it is over, nothing of that is late any more."""
    still_open = replace(HUMAN, severity=severity, findings=())
    item = items(facts(still_open))["documented"]
    assert (item.owner, item.due_at, item.due) == (owner, x.BEGIN + 10 + 300, "2026-11-25 02:19:14 UTC")
    assert item.late_seconds(x.BEGIN + 310) == 0.0 and item.late_seconds(x.BEGIN + 311) == 1.0
    over = items(facts(replace(still_open, closed_at=END)))["documented"]
    assert (over.due_at, over.due, over.late_seconds(END + 1e6)) == (None, item.due, 0.0)


@pytest.mark.parametrize(
    ("incident", "due_at", "words"),
    [
        (x.incident(), END + 3600, "2026-11-25 03:15:01 UTC"),
        (HUMAN, None, "60 min after it is restored"),
        (replace(HUMAN, closed_at=END + 9, outcome=Outcome.RECOVERED), END + 3609, "2026-11-25 03:15:10 UTC"),
        (replace(HUMAN, closed_at=END + 9, outcome=Outcome.CONTINUED), END + 3609, "2026-11-25 03:15:10 UTC"),
    ],
)
def test_the_rest_is_due_so_long_after_it_was_restored(incident: Incident, due_at: float | None, words: str) -> None:
    """Or ended otherwise; while it lasts, nobody knows when that is."""
    item = items(facts(incident))["stakeholders"]
    assert (item.due_at, item.due) == (due_at, words)


def test_what_people_added_is_a_list_of_its_own() -> None:
    """Under ids that count on; ticked like any other item; contacts stand for the roles that they have, there too."""
    whose = {1: "team lead", 2: "eve"}
    own = [FollowUp(END, "web-1", n, "ann", f"thing {n}", owner, END + 60 * n) for n, owner in whose.items()]
    given = facts(owners={"team lead": "lin"}, follow_ups=own, ticks=[Tick(END + 9, "web-1", "own-2", "bob")])
    owners = {name: item.owner for name, item in items(given).items()}
    assert {owners[name] for name in ("stakeholders", "lessons", "own-1")} == {"lin (team lead)"}
    assert (owners["docs"], owners["own-2"]) == ("development team", "eve")
    title, found = checklists(given)[-1].title, checklists(given)[-1].items
    assert title == "Follow-ups of your own" and [one.id for one in found] == ["own-1", "own-2"]
    assert [one.done for one in found] == [False, True]
    assert (found[0].evidence, found[0].due_at) == ("added by ann", END + 60)
    assert found[1].evidence == "ticked by bob, 2026-11-25 02:15 UTC"
    # What is left once it is over is all but what belongs before.
    later = [one.id for one in RUNBOOK if one.within_seconds is not None]
    assert [one.id for one in follow_ups(given)] == [*later, "own-1", "own-2"]
