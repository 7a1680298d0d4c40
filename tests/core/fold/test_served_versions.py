"""Which version of the code answered: what is kept of it, and whose it is."""

import pytest

from tests.core.scenes import NOW
from watchdog.core.fold import served_versions
from watchdog.domain.checks import Check, Served
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import Observed
from watchdog.domain.readings import Bad, FailureKind, Good, Reading

NEW, OLD = "bad00000", "aaaaaaa1"
BEFORE, AFTER = Deploy("dep-40", "deactivated", commit=OLD), Deploy("dep-41", "live", commit=NEW)


def seen(*answers: tuple[float, str, Reading]) -> Check:
    """Return a check after these answers: seconds after NOW, the version they named, and what they said."""
    check = Check("home", "http")
    for after, version, reading in answers:
        check = served_versions.observed(check, Observed(NOW + after, "web", "home", reading, version=version))
    return check


def test_versions_are_kept_with_their_first_and_last_answer_and_their_failures() -> None:
    """The newest answer last; failing answers that name none are a version of their own, once one was named.

    So is a slow one: a cache answers in place of a server that hangs, late, with a page of the code before.
    """
    assert seen((0.0, "", Bad("HTTP 502"))).served == (), "nothing is known of versions here"
    check = seen((0.0, OLD, Good()), (5.0, OLD, Good()), (10.0, NEW, Bad("HTTP 500")), (15.0, "", Bad("HTTP 502")))
    assert check.served == (
        Served(OLD, NOW, NOW + 5.0),
        Served(NEW, NOW + 10.0, NOW + 10.0, (NOW + 10.0,)),
        Served("", NOW + 15.0, NOW + 15.0, (NOW + 15.0,)),
    )
    check = seen((0.0, OLD, Good()), (9.0, OLD, Bad("answered in 9.00 s", FailureKind.SLOW)))
    assert check.served[-1] == Served("", NOW + 9.0, NOW + 9.0, (NOW + 9.0,))


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
        ("BAD0000", "bad00000", True),
        ("bad00000ffff", "bad00000", True),
        ("bad000", "bad00000", False),
        ("bad00001", "bad00000", False),
        ("1234567", "sha256:1234567890", True),
        ("sha256:1234567", "sha256:1234567890", True),
        ("bad00000", None, False),
        ("", "bad00000", False),
    ],
)
def test_a_version_is_of_a_deploy_whose_commit_begins_alike(version: str, code: str | None, same: bool) -> None:
    """Seven signs at least, whichever of the two is the shorter one."""
    image = code if code is not None and code.startswith("sha256:") else None
    deploy = Deploy("dep-1", "live", commit=None if image else code, image_sha=image)
    assert served_versions.is_of(version, deploy) is same


FAILS = Bad("HTTP 500")


@pytest.mark.parametrize(
    ("answers", "count"),
    [
        (((-5.0, OLD, Good()), (0.0, OLD, FAILS), (1.0, OLD, FAILS)), 2),
        (((-5.0, OLD, Good()), (-1.0, "", FAILS), (0.0, OLD, FAILS)), 1),
        (((-5.0, OLD, Good()), (0.0, OLD, FAILS), (1.0, "", FAILS)), 0),
        (((-5.0, OLD, Good()), (0.0, OLD, FAILS), (1.0, NEW, FAILS)), 0),
        (((0.0, OLD, FAILS), (1.0, OLD, FAILS)), 0),
        (((-5.0, OLD, Good()),), 0),
    ],
)
def test_all_failing_answers_are_of_a_deploy_that_answered_before(
    answers: tuple[tuple[float, str, Reading], ...], count: int
) -> None:
    """None may be another's, or of nobody's; what was not seen before they failed says nothing."""
    assert served_versions.all_failures_are_of(seen(*answers), BEFORE, NOW) == count


@pytest.mark.parametrize(("since", "fails"), [(-5.0, True), (0.0, True), (1.0, False), (2.0, False)])
def test_code_fails_by_itself_once_two_answers_since_then_name_it(since: float, fails: bool) -> None:
    """One may be of a moment, and earlier ones are of another failure."""
    check = seen(*((at, NEW, FAILS) for at in (-5.0, 0.0, 1.0)), (2.0, OLD, FAILS))
    assert served_versions.fails_as(check, AFTER, NOW + since) is fails
    assert not served_versions.fails_as(check, BEFORE, NOW - 5.0)


def test_whether_a_deploy_answered_since() -> None:
    """By its newest answer."""
    check = seen((0.0, NEW, Good()))
    assert served_versions.named_since(check, AFTER, NOW) and not served_versions.named_since(check, AFTER, NOW + 1.0)
    assert not served_versions.named_since(check, BEFORE, NOW)
