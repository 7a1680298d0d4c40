"""A small history to judge: a service with a good and a bad deploy, failing from 100 s to 500 s."""

from watchdog.domain.deploys import Deploy
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.lab.storm.channels import Arrived
from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.episodes import Episode, Episodes
from watchdog.lab.storm.render import Accepted, Release, Render, Service


class History:
    """What happened, and a few ways to add to it."""

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

    def sent(self, at: float, target: Release | None = None, *, lands: float = 0.2, by: str = "a.1") -> Accepted:
        """Return a rollback that was taken."""
        return Accepted("web", by, at, at + lands, target or self.good, f"dep-{at:.0f}")

    def taken(self, at: float, live_at: float) -> Accepted:
        """Let a rollback be taken and go live."""
        one = self.sent(at)
        made = Release(Deploy(one.made, "live", commit="aaa"), live_at=live_at, began_at=at, ended_at=live_at)
        self.service.releases.insert(0, made)
        self.render.accepted.append(one)
        return one

    def live(self, name: str, began: float, live_at: float, *, by: str = "human", fails: float = 0.0) -> Release:
        """Let another deploy begin and go live."""
        release = Release(
            Deploy(name, "live", commit=name), fails=fails, by=by, live_at=live_at, began_at=began, ended_at=live_at
        )
        self.service.releases.insert(0, release)
        return release


def notice(
    at: float,
    service: str = "web",
    kind: NoticeKind = NoticeKind.HUMAN_NEEDED,
    *,
    wakes: bool = True,
    incident: str = "web-1",
    title: str = "down",
) -> Notice:
    """Return what people are told."""
    return Notice(at, incident, service, Severity.CRITICAL, kind, title, wakes=wakes)


def arrived(told: Notice, at: float | None = None, channel: str = "pager") -> Arrived:
    """Return that people have it."""
    return Arrived(channel, told, told.at if at is None else at)
