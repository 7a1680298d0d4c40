"""What commands report."""

from watchdog.domain.reports import DemoResult


def test_the_demos_object_has_exactly_the_promised_keys_in_order() -> None:
    """Scripts rely on these names; fields for the screen stay out."""
    result = DemoResult(
        "blind", None, None, 1.23456, None, None, None, 0, 1, False, True, left=("x",), incident="web-1"
    )
    assert result.json_object() == {
        "scenario": "blind",
        "severity": None,
        "onset_to_decision_seconds": None,
        "onset_to_rollback_request_seconds": 1.235,
        "onset_to_restored_seconds": None,
        "rolled_back_to": None,
        "expected_target": None,
        "rollbacks": 0,
        "pages": 1,
        "verified": False,
        "as_expected": True,
    }
    assert list(result.json_object())[:2] == ["scenario", "severity"]
