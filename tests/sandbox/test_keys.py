"""The sandbox's keys: visibly fake, and in the form their vendors use."""

from watchdog.sandbox import keys
from watchdog.sandbox.vendors.notification_apis import ROUTING_KEY_LENGTH


def test_keys_are_visibly_fake() -> None:
    """Whoever finds one in a log knows at once; PagerDuty's has its 32 characters."""
    own = (keys.RENDER_API_KEY, keys.SENTRY_TOKEN, keys.GITHUB_TOKEN, keys.SLACK_BOT_TOKEN, keys.PAGERDUTY_ROUTING_KEY)
    for key in (*own, keys.OIDC_SECRET):
        assert "FAKE" in key
    assert "FAKE" in keys.SLACK_WEBHOOK_PATH and len(keys.PAGERDUTY_ROUTING_KEY) == ROUTING_KEY_LENGTH
