"""The draft of a post-mortem: one whole page, and what must not be said where it is not known."""

from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt

from tests.cli import examples as x
from watchdog.cli.postmortem import postmortem
from watchdog.domain.code_comparison import Comparison
from watchdog.domain.decisions import Course, Finding
from watchdog.domain.deploys import Commit, Deploy, ServiceFacts
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.store_records import Minute
from watchdog.presentation.checklists import checklists
from watchdog.presentation.incident_facts import IncidentFacts
from watchdog.presentation.outlooks.current_state import CurrentState

PAGE = (Path(__file__).parent / "postmortem.md").read_text(encoding="utf-8")
SERVICE = ServiceFacts(
    "srv-web", "web", dashboard_url="https://dashboard.render.com/web/srv-web", repo="https://github.com/acme/web.git"
)
SIGNALS = {"home": "http", "api": "latency", "errors": "sentry"}
EVIL = (
    "<script>alert(1)</script> [x](javascript:alert(1)) ![i](http://evil.example/p.png) `c` | @team \x1b[31m\n# Title"
)
PROOF = "home: 7 of 7 probes good since it was live; errors still unknown: no full minute since"
"""What a verification says in its own words."""


def minutes() -> list[Minute]:
    start = x.BEGIN - x.BEGIN % 60
    home = [(-1, 4, 0), (0, 6, 1), (1, 0, 60), (2, 40, 2)]
    rows = [Minute("web", "home", start + 60 * n, good, bad, 3) for n, good, bad in home]
    return [*rows, Minute("web", "errors", start, 1, 0, 0)]


def facts(incident: Incident | None = None, **changes: object) -> IncidentFacts:
    notes = (replace(x.NOTES[0], incident=None), *x.NOTES[1:])
    known = {"notes": notes, "minutes": minutes(), "target_seconds": 300.0, "signals": SIGNALS, "service": SERVICE}
    return replace(
        IncidentFacts(incident or x.incident(verification=PROOF, unproved=("errors",)), now=x.BEGIN + 3600),
        **{**known, **changes},
    )  # type: ignore[arg-type]


def page(given: IncidentFacts) -> str:
    return "".join(f"{line}\n" for line in postmortem(given))


def section(given: IncidentFacts, title: str) -> str:
    return page(given).partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_the_whole_draft_of_the_sketch() -> None:
    """Tests/cli/postmortem.md is what an engineer reads the next morning, to the last letter."""
    remark = Remark(x.BEGIN + 1800, "web-1", "ann", "the cache was cold")
    assert page(facts(remarks=(remark,), label="right")) == PAGE


def test_a_named_root_cause_stands_in_its_place_and_ticks_the_item() -> None:
    causes = [Remark(x.BEGIN + 900 * n, "web-1", "ann", text, True) for n, text in ((1, "a lock"), (2, "the pool"))]
    given = facts(remarks=causes)
    assert "Named by ann at 2026-11-25 02:44:04 UTC: the pool." in section(given, "Root cause")
    assert "- [x] Identify root cause of the issue: 2026-11-25 02:44:04 UTC, by ann: the pool\n" in page(given)
    assert "write it down" not in page(given)


def test_stakeholders_who_were_told_tick_their_item() -> None:
    """By the record alone: when first and last, by which channels; a service's name may have a colon of its own."""
    at = x.BEGIN + 60.0
    board, sales = ("board-email", "board-slack"), ("sales-email",)
    slow = Note(at, "web", "web-1", "INFORMED", "board-email, board-slack: Shop: DE: slow since 02:14 (UTC)", board)
    notes = [slow, Note(at + 9, "web", "web-1", "INFORMED", "sales-email: Shop: DE: is well", sales)]
    item = next(line for line in page(facts(notes=[*x.NOTES, *notes])).splitlines() if "stakeholders" in line)
    assert item.startswith("- [x] Communicate status to stakeholders: 02:15:04: in plain words, by board-email, ")
    assert item.endswith("board-slack, sales-email; last at 02:15:13")


def test_what_strangers_wrote_stays_text() -> None:
    """A commit message, an error and a remark full of markup: rendered, no tag, link, image or head of theirs."""
    bad = Deploy("dep-42", "live", "new_commit", "9f3c2abd4e5f", EVIL, finished_at=x.BEGIN)
    decided = x.decision(blame=x.blame(suspect=bad, change=bad, why=EVIL), why=EVIL)
    finding = Finding("home", "http", "run", x.BEGIN, 1.0, EVIL)
    hostile = x.incident(decision=decided, title=EVIL, findings=(finding,), verification=EVIL, human_needed=EVIL)
    notes = [*x.NOTES, x.note(60, "HUMAN", EVIL), Note(x.BEGIN + 61, "web", "web-1", "ODD", "```\n" + EVIL)]
    by = Commit("9f3c2abd4e5f", x.BEGIN, EVIL, EVIL)
    changes = Comparison("1b7e0d4", "9f3c2ab", "ahead", 1, (by,), (EVIL,), "https://github.com/acme/web/compare/a...b")
    remarks = [Remark(x.BEGIN + 99, "web-1", EVIL, EVIL, True)]
    text = page(facts(hostile, notes=notes, remarks=remarks, label=EVIL, changes=changes))
    parsed = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    tokens = [child for token in parsed for child in (token, *(token.children or ()))]
    assert [token.content for token in tokens if token.type in ("html_block", "html_inline", "image")] == []
    links = {str(token.attrs["href"]) for token in tokens if token.type == "link_open"}
    ours = ("https://github.com/acme/", "https://dashboard.render.com/")
    assert links and all(link.startswith(ours) for link in links)
    heads = [token.tag for token in tokens if token.type == "heading_open"]
    assert set(heads) == {"h1", "h2", "h3"} and heads.count("h1") == 1
    plain = [token.content for token in tokens if token.type == "text"]
    assert not any("@team" in words for words in plain), "nobody is called"
    assert any("<script>alert(1)</script>" in words for words in plain), "it can still be read"
    assert "\x1b" not in text


def test_the_suspects_commits_stand_with_their_authors_and_files() -> None:
    """Newest first, each a link, and how many were left out; the newest one's author is the suspect's."""
    commits = tuple(Commit(f"{n:040x}", x.BEGIN - n, f"Change {n}", "Ann" if n else "Bob") for n in range(30))
    files = tuple(f"app/f{n}.py" for n in range(40))
    changes = Comparison("a" * 40, "b" * 40, "ahead", 31, commits, files, "https://github.com/acme/web/compare/a...b")
    said = section(facts(changes=changes), "Suspect")
    assert "- Author: Bob\n" in said
    row = f"| [0000000](<https://github.com/acme/web/commit/{0:040x}>) | `Change 0` | Bob | 2026-11-25 02:14:04 UTC |"
    assert row in said and "… and 11 more: [all of them](<https://github.com/acme/web/compare/a...b>)" in said
    assert "Files that differ (40): `app/f0.py`" in said and said.endswith("and 10 more\n")


def test_why_no_commits_are_known_is_told() -> None:
    said = section(facts(changes_why="GitHub refused our key (401)"), "Suspect")
    assert "- Author: not known: GitHub refused our key (401)" in said
    behind = Comparison("a" * 40, "b" * 40, "behind")
    assert "Commits since the target: none: it is older than the target." in section(facts(changes=behind), "Suspect")


def left_to_people(**changes: object) -> Incident:
    blame = x.blame(odds=0.2, probability=0.17, onset_why="onset 2 h after live")
    decided = x.decision(course=Course.PAGE, why="blame is too low", blame=blame)
    return x.undone(decided, target=None, target_code=None, human_needed="blame is too low", **changes)


def test_an_incident_that_was_left_to_people() -> None:
    """Nothing was changed, and nothing is claimed to have been: the pre-rollback items wait for whoever decides."""
    over = left_to_people(closed_at=x.BEGIN + 10 + 1200, outcome=Outcome.WITH_A_HUMAN)
    given = facts(over, notes=x.NOTES[:5])
    text = page(given)
    assert "Nothing was changed in production by the watchdog. By 2026-11-25 02:34:14 UTC every check was good" in text
    assert "was not blamed, P 0.170 (need 0.80): onset 2 h after live." in text
    assert "| Onset to rollback request | never | none set |  |" in text
    assert "| Onset to restored | 20 min | 5 min | **missed** |" in text
    assert (
        "- [ ] Notify team via Slack/communication channel (no notice of the watchdog was delivered): ✍️ on-call" in text
    )
    assert "- [ ] Obtain approval if required (based on severity matrix) (no rollback was made)" in text
    assert "### 0-15 minutes after it was restored" in text and "due 2026-11-25 02:49:14 UTC" in text
    assert "no rollback was made; the incident is recorded as web-1" in text


def test_one_that_is_still_open() -> None:
    """It has no end, no recovery, and what is due later is due after it is restored."""
    given = facts(left_to_people(), now=x.BEGIN + 10 + 600)
    text = page(given)
    assert "**It is still open**, 10 min after the onset." in text
    assert "- Over: still going on" in text and "- Lasted: 10.0 minutes by now; it goes on" in text
    assert "| Onset to restored | not yet | 5 min | **missed** |" in text
    assert "| Onset to restored | not yet | 5 min |  |" in page(replace(given, now=x.BEGIN + 70))
    assert "due 24 h 0 min after it is restored" in text and "[x] Verify service is restored" not in text


def test_what_a_rollback_did_not_do_is_not_put_down_to_it() -> None:
    failed = x.incident(
        verified_at=None, closed_at=None, outcome=Outcome.OPEN, verification="", human_needed="it did not help"
    )
    text = page(facts(failed))
    assert "| Onset to restored | not yet | 5 min | **missed** |" in text
    assert "- [ ] Verify service is restored (it did not help): ✍️ on-call engineer" in text
    assert "People were needed: it did not help." in text and "proved the recovery" not in text
    text = page(facts(x.incident(healed_at=x.BEGIN + 40.0)))
    assert "before the rollback took traffic (live at" in text and "the deploy may be innocent." in text
    assert "proved the recovery" not in text
    lost, late = x.incident(restored_at=None, verified_at=None), x.incident(requested_at=x.BEGIN + 86400)
    assert "a rollback to `dep-40` as `dep-43` was requested; it was not seen live." in page(facts(lost))
    assert "At 2026-11-26 02:14:04 it was rolled back to `dep-40`" in page(facts(late)), "in its window"
    rebuilt, building = (x.incident(expired="dep-40", **fields) for fields in ({}, {"restored_at": None}))
    assert "commit `1b7e0d4` was rebuilt as `dep-43`" in page(facts(rebuilt))
    assert "a rebuild of commit `1b7e0d4` as `dep-43` was requested; it was not" in page(facts(building))


def test_without_a_decision_or_readings_it_says_so() -> None:
    """An incident that was just opened, of a service that nothing else is known of."""
    bare = IncidentFacts(Incident("web-1", "web", x.Severity.HIGH, x.BEGIN + 5, x.BEGIN, "slow"), now=x.BEGIN + 6)
    text = page(bare)
    assert "No deploy was suspected." in text and "Nothing was decided yet." in text
    good = replace(bare, minutes=[Minute("web", "home", x.BEGIN, 60, 0, 0)])
    assert "No probe failed in that time" in page(good) and "No probe failed" not in text
    assert "the share over time is not known" in text and "- Share failing when it was decided: not known" in text
    assert all(not item.done for item in checklists(bare)[0].items)


def test_auto_deploy_that_is_on_again_is_no_action_item() -> None:
    """What the platform says now counts, not what was so in the incident."""
    assert "Restore auto-deploy" in section(facts(), "Action items")
    on_again = replace(SERVICE, auto_deploy="commit")
    assert "Restore auto-deploy" not in section(facts(service=on_again), "Action items")
    # A commit that was trusted since is no task either, as on the page and in `explain`.
    kept, trusted = (facts(state=CurrentState("commit", denied=one)) for one in (True, False))
    assert "deny-listed" in section(kept, "Action items") and "deny-listed" not in section(trusted, "Action items")


def test_an_old_incident_has_hours_and_a_long_one_longer_steps() -> None:
    hour = x.BEGIN - x.BEGIN % 3600
    old = facts(now=x.BEGIN + 30 * 86400, minutes=[Minute("web", "home", hour, 300, 47, 0)])
    assert "From (UTC), for 60 min" in section(old, "Impact") and "47 of 347 (14%)" in section(old, "Impact")
    many = [Minute("web", "home", hour + 60 * n, 0, 6, 0) for n in range(300)]
    assert "for 30 min" in section(facts(minutes=many), "Impact")
    assert section(facts(minutes=many), "Impact").count("| 180 of 180 (100%)") == 10
