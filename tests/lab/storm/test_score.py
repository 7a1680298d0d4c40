"""The verdict: each kind of wrong is planted into a small history, and found; the right history is clean."""

import pytest

from watchdog.domain.deploys import Deploy
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.policy import Severity
from watchdog.lab.storm import score
from watchdog.lab.storm.channels import Arrived
from watchdog.lab.storm.episodes import Episode, Episodes
from watchdog.lab.storm.nature import Nature
from watchdog.lab.storm.render import Accepted, Release, Render, Service


class History:
    """A service with a good and a bad deploy, failing from 100 s on."""

    def __init__(self) -> None:
        nature = Nature(1)
        nature.loop.close()
        self.render = Render(nature)
        self.good = Release(
            Deploy("dep-1", "deactivated", commit="aaa"), live_at=-9000.0, began_at=-9100.0, ended_at=-9000.0
        )
        self.bad = Release(
            Deploy("dep-2", "live", commit="bbb"), fails=1.0, live_at=100.0, began_at=50.0, ended_at=100.0
        )
        self.service = Service("web", [self.bad, self.good])
        self.render.services["web"] = self.service
        self.episodes = Episodes(nature, [Episode("web", 1, 100.0, 1.0, self.bad, ended=500.0)])

    def sent(self, at: float, target: Release | None = None, *, lands: float = 0.2) -> Accepted:
        """Return a rollback that was taken."""
        return Accepted("web", "a.1", at, at + lands, target or self.good, f"dep-{at:.0f}")

    def wrong(self, one: Accepted) -> list[str]:
        """Return what is wrong with a rollback."""
        return score.wrong([one], self.render, self.episodes, [])


def test_one_rollback_of_a_bad_deploy_is_right() -> None:
    """The usual story is clean."""
    history = History()
    one = history.sent(150.0)
    assert history.wrong(one) == []
    assert score.doubles([one], history.episodes, []) == []


def test_a_second_rollback_of_the_same_outage_is_one_too_many() -> None:
    """Even if it lands when the outage is over; unless a human asked for it."""
    history = History()
    both = [history.sent(150.0), history.sent(499.0, lands=8.0)]
    assert len(score.doubles(both, history.episodes, [])) == 1
    assert score.doubles(both, history.episodes, [("web", 300.0)]) == []
    assert len(score.doubles(both, history.episodes, [("api", 300.0)])) == 1


def test_a_new_outage_allows_a_new_rollback() -> None:
    """Each has its own."""
    history = History()
    history.episodes.all.append(Episode("web", 2, 600.0, 1.0, None, ended=900.0))
    assert score.doubles([history.sent(150.0), history.sent(700.0)], history.episodes, []) == []


def test_wrong_targets_are_found() -> None:
    """What never served, what is bad, and the suspect's own code."""
    history = History()
    never = Release(Deploy("dep-3", "build_failed", commit="ccc"))
    assert "never served" in history.wrong(history.sent(150.0, never))[0]
    assert "bad itself" in history.wrong(history.sent(150.0, history.bad))[0]
    same = Release(Deploy("dep-0", "deactivated", commit="bbb"), live_at=-9999.0, ended_at=-9999.0)
    assert "own code" in history.wrong(history.sent(150.0, same))[0]


@pytest.mark.parametrize(("began", "is_wrong"), [(120.0, True), (145.0, False)])
def test_a_newer_deploy_on_its_way_must_not_be_overtaken(began: float, is_wrong: bool) -> None:
    """Unless it began so shortly before that no careful look could have seen it."""
    history = History()
    history.service.releases.insert(0, Release(Deploy("dep-9", "created", commit="ddd"), began_at=began))
    assert bool(history.wrong(history.sent(150.0))) is is_wrong


def test_a_site_that_has_long_been_well_needs_no_rollback() -> None:
    """A confirmation must be fresh when the request leaves."""
    history = History()
    assert history.wrong(history.sent(550.0)) == []
    assert "had worked for" in history.wrong(history.sent(580.0))[0]


def told(at: float, service: str = "web", kind: NoticeKind = NoticeKind.HUMAN_NEEDED) -> Arrived:
    """Return a notice that people got."""
    return Arrived("pager", Notice(at, "web-1", service, Severity.CRITICAL, kind, "down", wakes=True), at)


def test_an_outage_nobody_heard_of_is_missed() -> None:
    """Told, cured, stopped by a human, or too disturbed to be seen: not missed."""
    history = History()
    assert len(score.missed(history.episodes, [], [], [], [])) == 1
    assert len(score.missed(history.episodes, [], [told(50.0)], [], [])) == 1, "told before it began"
    assert score.missed(history.episodes, [], [told(200.0)], [], []) == []
    assert score.missed(history.episodes, [history.sent(150.0)], [], [], []) == []
    assert score.missed(history.episodes, [], [], [("web", 120.0)], []) == []
    assert score.missed(history.episodes, [], [], [], [(at, at + 10.0) for at in range(100, 500, 100)]) == []


def test_a_page_that_nobody_got_is_lost() -> None:
    """A later word on the same incident speaks for it; an earlier one does not."""
    owed = told(200.0).notice
    assert len(score.lost([owed, owed], [])) == 1
    assert score.lost([owed], [told(200.0)]) == []
    assert score.lost([owed], [told(300.0, kind=NoticeKind.RESOLVED)]) == []
    assert len(score.lost([owed], [told(100.0)])) == 1
    assert len(score.lost([owed], [told(200.0, service="api")])) == 1


def test_a_score_is_bad_if_anything_is() -> None:
    """Faults of the daemon's own count too."""
    assert not score.Score().bad
    assert score.Score(faults=["AssertionError"]).bad
