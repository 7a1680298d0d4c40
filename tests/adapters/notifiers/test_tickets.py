"""The channel `tickets`: one ticket per incident despite lost answers, and people's changes to it stand."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.notifiers.letters import notice
from tests.support.clocks import FakeClock
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.notifiers.tickets import BEHIND_SECONDS, TicketsOptions
from watchdog.adapters.options import Context
from watchdog.adapters.tickets import TICKETS
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.notices import NoticeKind
from watchdog.domain.severity import Severity
from watchdog.ports import Notifier
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.vendors.github_issues import Issue

MEDIUM = {"severity": Severity.MEDIUM}
NEWS = {"title": "web MEDIUM: still slow", "at": 1_790_000_060.0}
OVER = {"title": "web: all good again", "at": 1_790_000_120.0}


@pytest.fixture
def channel(sandbox: Sandbox, clock: FakeClock, closing) -> Notifier:
    """Return a channel for the issues of acme/app in the sandbox."""
    return closing(made(sandbox, clock))


def made(sandbox: Sandbox, clock: FakeClock) -> Notifier:
    """Return a channel that remembers nothing, as after a restart."""
    context = Context(clock, sandbox.urls, {"WATCHDOG_GITHUB_TOKEN": keys.GITHUB_TOKEN})
    kind = NOTIFIERS["tickets"]
    return kind.build(kind.options.model_validate({"github": "acme/app"}), context)


def the_one(sandbox: Sandbox) -> Issue:
    (issue,) = sandbox.issues.all
    return issue


async def test_an_incident_is_one_ticket_with_its_evidence_from_open_to_closed(
    channel: Notifier, sandbox: Sandbox
) -> None:
    """Failure, time and links; each further notice is a comment; closed by the all-clear."""
    reference = await channel.send(notice(**MEDIUM), None)
    issue = the_one(sandbox)
    assert issue.title.startswith("web CRITICAL: HTTP 503") and issue.labels == ["watchdog", "severity: medium"]
    told = ("39 of 39 probes failed", "Blame: dep-42", "2026-09-21 14:13:20 UTC", "watchdog explain web-1")
    assert all(part in issue.body for part in (*told, "[dashboard](<https://dashboard.example/web?a=1&b=2>)"))
    reference = await channel.send(notice(NoticeKind.UPDATED, **MEDIUM, **NEWS), reference)
    assert (issue.state, len(issue.comments)) == ("open", 1)
    reference = await channel.send(notice(NoticeKind.RESOLVED, **MEDIUM, **OVER), reference)
    assert (the_one(sandbox).state, issue.state_reason) == ("closed", "completed")
    assert "all good again" in issue.comments[1]


async def test_what_is_left_to_people_is_a_list_of_tasks_in_the_comment_that_closes_it(
    channel: Notifier, sandbox: Sandbox
) -> None:
    """One line each that can be ticked there; nothing else of it is markup, and nothing is listed before the end."""
    todo = (
        "Update the docs (if needed): ann, within 24 h (watchdog incident tick web-1 docs)",
        "Tell @acme <b>*all*</b>, fixes GH-7",
    )
    reference = await channel.send(notice(todo=todo), None)
    await channel.send(notice(NoticeKind.RESOLVED, todo=todo), reference)
    issue = the_one(sandbox)
    assert "- [ ]" not in issue.body
    (comment,) = issue.comments
    tasks = [line for line in comment.splitlines() if line.startswith("- [ ] ")]
    assert len(tasks) == 2 and "Left to you" in comment and "watchdog incident tick web-1 docs" in tasks[0]
    assert tasks[1] == "- [ ] Tell `@`acme \\<b>\\*all\\*\\</b>, fixes `GH-`7"


async def test_the_details_are_folded_and_no_word_of_them_ends_the_fold(channel: Notifier, sandbox: Sandbox) -> None:
    details = ("Blame: P 0.998", "````", "</details> <img src=x onerror=alert(1)> @acme")
    await channel.send(notice(details=details), None)
    news, _, folded = the_one(sandbox).body.partition("<details><summary>Evidence and arithmetic</summary>\n\n")
    assert "Guards: all pass" in news and "Blame: P" not in news
    assert folded.startswith("\n".join(("`````text", *details, "`````", "", "</details>", "")))


async def test_ten_notices_and_a_lost_memory_are_one_ticket(sandbox: Sandbox, clock: FakeClock) -> None:
    """Each is sent as after a restart: no reference, nothing remembered. The first one twice opens no second."""
    first = [notice(**MEDIUM)] * 2
    further = [notice(NoticeKind.UPDATED, **MEDIUM, at=1_790_000_001.0 + n) for n in range(9)]
    for told in (*first, *further):
        channel = made(sandbox, clock)
        await channel.send(told, None)
        await channel.close()
    assert len(the_one(sandbox).comments) == 9


async def test_a_lost_answer_is_looked_up_and_while_the_list_may_lag_nothing_is_opened(
    channel: Notifier, sandbox: Sandbox, clock: FakeClock
) -> None:
    """It was opened, the answer was lost, and the list does not show it yet. Never opened, it is when it must."""
    sandbox.set_mode("issue", "drop", times=1)
    with pytest.raises(Temporary, match="looked up"):
        await channel.send(notice(**MEDIUM), None)
    hidden, sandbox.issues.all = sandbox.issues.all, []
    with pytest.raises(Temporary, match="looking again") as caught:
        await channel.send(notice(**MEDIUM), None)
    assert 0 < caught.value.retry_after_seconds <= BEHIND_SECONDS
    sandbox.issues.all = hidden
    await channel.send(notice(**MEDIUM), None)
    assert the_one(sandbox).comments == []
    sandbox.set_mode("issue", "drop", times=1)
    with pytest.raises(Temporary):
        await channel.send(notice(**MEDIUM, incident="web-2"), None)
    sandbox.issues.all = []
    await clock.advance(BEHIND_SECONDS + 1)
    await channel.send(notice(**MEDIUM, incident="web-2"), None)
    the_one(sandbox)


async def test_what_people_did_to_a_ticket_stands(channel: Notifier, sandbox: Sandbox) -> None:
    """One they closed is commented, not reopened; one they deleted is not opened again, and the end finds nothing."""
    reference = await channel.send(notice(**MEDIUM), None)
    the_one(sandbox).state = "closed"
    reference = await channel.send(notice(NoticeKind.UPDATED, **MEDIUM, **NEWS), reference)
    assert (the_one(sandbox).state, len(the_one(sandbox).comments)) == ("closed", 1)
    sandbox.issues.all = []
    for kind in (NoticeKind.UPDATED, NoticeKind.HUMAN_NEEDED, NoticeKind.RESOLVED):
        reference = await channel.send(notice(kind, **MEDIUM, **NEWS), reference)
    assert sandbox.issues.all == []


async def test_a_token_that_lost_its_rights_is_no_deleted_ticket(channel: Notifier, sandbox: Sandbox) -> None:
    """GitHub answers 404 to both; the repository itself distinguishes them."""
    reference = await channel.send(notice(**MEDIUM), None)
    sandbox.set_mode("issue_comment", "refuse_404")
    sandbox.issues.disabled = True
    with pytest.raises(Permanent, match="switch them on"):
        await channel.send(notice(NoticeKind.UPDATED, **MEDIUM, **NEWS), reference)


async def test_an_all_clear_opens_nothing_and_is_closed_even_if_locked(channel: Notifier, sandbox: Sandbox) -> None:
    """Nothing was written down of an incident that is over."""
    await channel.send(notice(NoticeKind.RESOLVED, **MEDIUM, **OVER), None)
    assert sandbox.issues.all == []
    reference = await channel.send(notice(**MEDIUM), None)
    the_one(sandbox).locked = True
    await channel.send(notice(NoticeKind.RESOLVED, **MEDIUM, **OVER), reference)
    assert the_one(sandbox).state == "closed"


async def test_after_its_end_a_new_beginning_is_a_new_ticket_and_so_is_one_of_another_service(
    channel: Notifier, sandbox: Sandbox
) -> None:
    """A condition of our own comes back under the same name."""
    reference = await channel.send(notice(**MEDIUM), None)
    reference = await channel.send(notice(NoticeKind.RESOLVED, **MEDIUM, **OVER), reference)
    await channel.send(notice(**MEDIUM), reference)
    assert [one.state for one in sandbox.issues.all] == ["closed", "open"]
    await channel.send(notice(**MEDIUM, service="api", incident="api-1"), None)
    assert [one.state for one in sandbox.issues.all] == ["closed", "open", "open"]


@pytest.mark.parametrize("reference", ["", "nonsense", "[]", '{"no": "number"}', '{"number": "x"}'])
async def test_a_reference_nobody_can_read_is_none(reference: str, channel: Notifier, sandbox: Sandbox) -> None:
    await channel.send(notice(**MEDIUM), None)
    await channel.send(notice(NoticeKind.UPDATED, **MEDIUM, **NEWS), reference)
    assert len(the_one(sandbox).comments) == 1


@pytest.mark.parametrize(
    "written", [{}, {"github": None}, {"github": "acme"}, {"github": "https://github.com/acme/app"}, {"github": "a/.."}]
)
def test_one_place_is_asked_for(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TicketsOptions.model_validate(written)


def test_every_tracker_is_a_key_of_the_channel() -> None:
    assert set(TicketsOptions.model_fields) - set(ChannelOptions.model_fields) == set(TICKETS)
