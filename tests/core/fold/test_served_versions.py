"""Which version of the code answered: what is kept of it, and what it tells of a deploy."""

from dataclasses import replace

import pytest

from tests.core.scenes import HISTORY, NOW, a_service
from tests.core.world import make_policy
from watchdog.core.fold import observations, served_versions
from watchdog.domain.checks import Check, Served
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import DeploysListed, Observed
from watchdog.domain.readings import Bad, Good, Reading, Unknown

NEW, OLD = "bad00000", "aaaaaaa1"


def seen(*answers: tuple[float, str, Reading]) -> Check:
    """Return a check after these answers: seconds after NOW, the version they named, and what they said."""
    check = Check("home", "http")
    for after, version, reading in answers:
        check = served_versions.observed(check, Observed(NOW + after, "web", "home", reading, version=version))
    return check


def test_versions_are_kept_with_their_first_and_last_answer_and_their_failures() -> None:
    """The newest answer last; failing answers that name none are a version of their own, once one was named."""
    assert seen((0.0, "", Bad("HTTP 502"))).served == (), "nothing is known of versions here"
    check = seen((0.0, OLD, Good()), (5.0, OLD, Good()), (10.0, NEW, Bad("HTTP 500")), (15.0, "", Bad("HTTP 502")))
    assert check.served == (
        Served(OLD, NOW, NOW + 5.0),
        Served(NEW, NOW + 10.0, NOW + 10.0, (NOW + 10.0,)),
        Served("", NOW + 15.0, NOW + 15.0, (NOW + 15.0,)),
    )
    assert served_versions.versions_failing(check, NOW + 10.0) == {NEW: 1, "": 1}
    assert served_versions.newest_version(check, NOW) == NEW and served_versions.newest_version(check, NOW + 11.0) == ""


def test_an_answer_without_a_version_that_is_good_or_unknown_changes_nothing() -> None:
    """It may be anybody's."""
    check = seen((0.0, OLD, Good()))
    for reading in (Good(), Unknown("limited")):
        event = Observed(NOW + 5.0, "web", "home", reading)
        assert served_versions.observed(check, event) is check


@pytest.mark.parametrize(("pause", "anew"), [(121.0, True), (120.0, False)])
def test_a_version_that_comes_back_begins_anew(pause: float, anew: bool) -> None:
    """After two minutes in which others answered; not after a pause in which nothing was read."""
    check = seen((0.0, OLD, Good()), (5.0, NEW, Good()), (pause, OLD, Good()))
    assert check.served[-1].first_at == (NOW + pause if anew else NOW)
    assert seen((0.0, OLD, Good()), (pause, OLD, Good())).served[-1].first_at == NOW


def test_what_is_kept_is_bounded() -> None:
    """Four versions, twenty failures each."""
    check = seen(*((float(at), f"version-{at}", Good()) for at in range(9)))
    assert [one.version for one in check.served] == ["version-5", "version-6", "version-7", "version-8"]
    check = seen(*((float(at), NEW, Bad("HTTP 500")) for at in range(30)))
    assert check.served[0].failed_at == tuple(NOW + at for at in range(10, 30))


@pytest.mark.parametrize(
    ("version", "code", "same"),
    [
        ("bad0000", "bad00000", True),
        ("bad00000ffff", "bad00000", True),
        ("bad000", "bad00000", False),
        ("bad00001", "bad00000", False),
        ("1234567", "sha256:1234567890", True),
        ("bad00000", None, False),
        ("", "bad00000", False),
    ],
)
def test_a_version_is_of_a_deploy_whose_commit_begins_alike(version: str, code: str | None, same: bool) -> None:
    """Seven signs at least, whichever of the two is the shorter one."""
    image = code if code is not None and code.startswith("sha256:") else None
    deploy = Deploy("dep-1", "live", commit=None if image else code, image_sha=image)
    assert served_versions.is_of(version, deploy) is same


SUSPECT = replace(HISTORY[0], created_at=NOW)


@pytest.mark.parametrize(
    ("answers", "at"),
    [
        (((5.0, OLD, Good()), (10.0, NEW, Good())), 5.0),
        (((5.0, OLD, Good()), (10.0, NEW, Good()), (15.0, OLD, Good())), 10.0),
        (((5.0, OLD, Good()), (7.0, "", Bad("HTTP 502")), (10.0, NEW, Good())), 5.0),
        (((5.0, "aaaaaaa0", Good()), (7.0, "", Bad("HTTP 502")), (9.0, OLD, Good()), (10.0, NEW, Good())), 7.0),
        (((10.0, NEW, Good()),), None),
        (((-50.0, NEW, Good()), (-40.0, OLD, Good()), (10.0, NEW, Good())), None),
        (((5.0, OLD, Good()),), None),
    ],
)
def test_a_deploy_serves_from_the_last_answer_of_another_version(
    answers: tuple[tuple[float, str, Reading], ...], at: float | None
) -> None:
    """Not later than its own first one, nor than a failing one that named none; unknown where it may have served."""
    expected = NOW + at if at is not None else None
    assert served_versions.served_from([seen(*answers), Check("api", "http")], SUSPECT) == expected


def test_the_earliest_of_several_checks_counts() -> None:
    """Whichever route of it saw the code first."""
    late = seen((5.0, OLD, Good()), (10.0, NEW, Good()))
    early = seen((3.0, OLD, Good()), (4.0, NEW, Good()))
    assert served_versions.served_from([late, early], SUSPECT) == NOW + 3.0


def test_the_deploy_list_keeps_when_a_deploy_began_to_serve() -> None:
    """Dated by the answers once they are there, and kept though they are forgotten."""
    check = seen((5.0, OLD, Good()), (10.0, NEW, Good()))
    service = a_service(checks={"home": check}, deploys=(replace(SUSPECT, update_seen_at=NOW + 2.0), *HISTORY[1:]))
    listed = DeploysListed(NOW + 12.0, "web", (SUSPECT, *HISTORY[1:]), service.facts)  # type: ignore[arg-type]
    once = observations.apply_deploy_list(service, listed, make_policy())
    assert (once.deploys[0].served_from, once.deploys[0].update_seen_at) == (NOW + 5.0, NOW + 2.0)
    assert once.deploys[0].first_traffic_at() == NOW + 5.0 and once.deploys[1].served_from is None
    again = observations.apply_deploy_list(replace(once, checks={}), replace(listed, at=NOW + 17.0), make_policy())
    assert again.deploys[0].served_from == NOW + 5.0
