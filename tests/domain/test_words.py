"""The other words: severities, blame, notices, errors."""

from dataclasses import replace

import pytest

from watchdog.domain import effects, errors
from watchdog.domain.decisions import Blame, Veto
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.policy import DEFAULT_MATRIX, Action
from watchdog.domain.severity import Severity

BLAME = Blame(None, None, False, 9.0, 9.0, "", (), (), 0.9, 0.8, 0.8, 0.2, "")
NOTICE = Notice(1.0, "web-7", "web", Severity.HIGH, NoticeKind.OPENED, "title")


def test_the_default_matrix_is_the_runbooks() -> None:
    """Critical is rolled back in 5 min, high asked about in 15, medium told, low noted."""
    assert {severity: (rule.do, rule.within_seconds) for severity, rule in DEFAULT_MATRIX.items()} == {
        Severity.CRITICAL: (Action.ROLLBACK, 300.0),
        Severity.HIGH: (Action.ASK, 900.0),
        Severity.MEDIUM: (Action.TELL, 3600.0),
        Severity.LOW: (Action.NOTE, None),
    }


@pytest.mark.parametrize(
    ("probability", "vetoes", "convicts"),
    [
        (0.9, (), True),
        (0.8, (), True),
        (0.79, (), False),
        (None, (), False),
        (0.9, (Veto("onset", False, "fits"),), True),
        (0.9, (Veto("onset", False, "fits"), Veto("rollback", True, "it is one")), False),
    ],
)
def test_who_is_convicted(probability: float | None, vetoes: tuple[Veto, ...], convicts: bool) -> None:
    """Probable enough, and nothing that alone forbids it."""
    blame = replace(BLAME, probability=probability, vetoes=vetoes)
    assert blame.convicts is convicts
    assert blame.vetoed == tuple(veto for veto in vetoes if veto.fired)


def test_many_messages_are_one_page() -> None:
    """One key per incident; only the end resolves."""
    assert NOTICE.dedup_key == "watchdog/web/web-7" == replace(NOTICE, kind=NoticeKind.RESOLVED).dedup_key
    resolving = [kind for kind in NoticeKind if replace(NOTICE, kind=kind).resolves]
    assert resolving == [NoticeKind.RESOLVED]


def test_only_four_effects_touch_the_outside() -> None:
    """These are recorded before they run."""
    assert {kind.__name__ for kind in effects.OUTSIDE} == {
        *("Tell", "PinAutoDeploy", "Rollback", "RestoreAutoDeploy", "TryRemedy")
    }


def test_errors_say_what_to_do_next() -> None:
    """When to come back, where the mistake is and what to write instead; all mistakes at once."""
    assert errors.Temporary("503", retry_after_seconds=15.0).retry_after_seconds == 15.0
    assert errors.Temporary("503").retry_after_seconds == 0.0
    mistakes = (errors.Mistake("a.yaml:3", "no unit", "45s"), errors.Mistake("a.yaml:9", "unknown key"))
    error = errors.ConfigurationError(mistakes)
    assert str(error) == "a.yaml:3: no unit -> 45s\na.yaml:9: unknown key" and error.mistakes == mistakes
    kinds = (errors.Temporary, errors.Permanent, errors.OutcomeUnknown, errors.Refused, errors.ConfigurationError)
    assert all(issubclass(kind, errors.WatchdogError) for kind in kinds)
    assert not any(issubclass(one, other) for one in kinds for other in kinds if one is not other)
