"""The channels of a configuration that `watchdog init` writes, and `.env.example`: the variables it needs, unset.

Rule: a configuration without a channel to people says so in capitals, where its reader cannot miss it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

SILENT = "NO CHANNEL TO PEOPLE: notices only go to standard error, which may be unread."
WAYS = ("slack", "pagerduty", "email", "webhook")
"""Channels that can be chosen, by name."""
VARIABLES = {
    "slack": "WATCHDOG_SLACK_WEBHOOK_URL",
    "pagerduty": "WATCHDOG_PAGERDUTY_ROUTING_KEY",
    "webhook": "WATCHDOG_WEBHOOK_URL",
}
WHERE = {
    "WATCHDOG_RENDER_API_KEY": "Render: Account Settings, API Keys. To observe, it need only read services, deploys "
    "and events",
    "WATCHDOG_SENTRY_TOKEN": "Sentry, for signals {sentry: …}: an internal integration with org:read, project:read and "
    "event:read",
    "WATCHDOG_SLACK_WEBHOOK_URL": "Slack: an app with an incoming webhook for one channel",
    "WATCHDOG_PAGERDUTY_ROUTING_KEY": "PagerDuty: a service, Integrations, Events API v2",
    "WATCHDOG_SMTP_PASSWORD": "the password of channels.email.user, if the mail server wants a login",
    "WATCHDOG_WEBHOOK_URL": "where each notice is posted as JSON",
    "WATCHDOG_HEARTBEAT_URL": "healthchecks.io, Dead Man's Snitch …: calls you when the watchdog itself is dead",
}
"""The origin of each variable, in the order of the file."""
# A Sentry signal is in the written configuration as a comment, so that its token is one to fill in as well.
ALWAYS = ("WATCHDOG_RENDER_API_KEY", "WATCHDOG_SENTRY_TOKEN", "WATCHDOG_HEARTBEAT_URL")
_ADDRESS = re.compile(r"[^\s@\"]{1,64}@[^\s@\"]{1,190}")
_SERVER = re.compile(r"[A-Za-z0-9._-]{1,253}:\d{1,5}")


@dataclass(frozen=True, slots=True)
class FirstChannels:
    """The chosen channels. `email` is the recipient's address, `smtp` the mail server for it."""

    slack: bool = False
    pagerduty: bool = False
    webhook: bool = False
    email: str = ""
    smtp: str = ""

    @property
    def names(self) -> Sequence[str]:
        """Return the names of the chosen channels."""
        return [name for name in WAYS if getattr(self, name)]

    @property
    def variables(self) -> Sequence[str]:
        """Return the variables that must be set for them."""
        return [VARIABLES[name] for name in self.names if name in VARIABLES]

    def text(self) -> str:
        """Return `channels:` in YAML.

        Raises ValueError, with the form to write, for an unusable mail address or server.
        """
        lines = [] if self.names else [f"# {SILENT}", '# Remove a "# " below, and set the variable beside it.']
        lines.append("channels:")
        lines += [self._line(name) for name in WAYS]
        if not self.names:
            # `channels:` with comments alone below it would be null, and the file would not load.
            lines.append("  console: {}")
        return "".join(f"{line}\n" for line in lines)

    def _line(self, name: str) -> str:
        if name == "email":
            return self._mail() if self.email else "  # email: {smtp: smtp.example.com:587, from: …, to: […]}"
        mark = "" if getattr(self, name) else "# "
        return f"  {f'{mark}{name}: {{}}':<27}  # {VARIABLES[name]}"

    def _mail(self) -> str:
        if not _ADDRESS.fullmatch(self.email):
            raise ValueError("not an e-mail address: write name@example.com")
        if not _SERVER.fullmatch(self.smtp):
            raise ValueError("mail needs a server: write its host and port, as in smtp.example.com:587")
        # JSON text is YAML text: quotes keep an answer from becoming YAML of its own.
        address = json.dumps(self.email)
        return f"  email: {{smtp: {json.dumps(self.smtp)}, from: {address}, to: [{address}]}}  # user: … for a login"


NONE_MORE: Mapping[str, str] = MappingProxyType({})


def env_example(channels: FirstChannels, more: Mapping[str, str] = NONE_MORE) -> str:
    """Return `.env.example`: a variable with its origin a line; `more` are those of the site, by name."""
    needed = set(channels.variables)
    lines = [
        "# Copy this file to .env (chmod 600 .env; never commit it) and fill it in; or set these in the environment."
    ]
    for name, where in {**WHERE, **more}.items():
        if name in needed or name in more or name in ALWAYS or (name == "WATCHDOG_SMTP_PASSWORD" and channels.email):
            lines += [f"# {where}.", f"{name}="]
    return "".join(f"{line}\n" for line in lines)
