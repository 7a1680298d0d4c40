"""The secrets: `WATCHDOG_*` variables of the environment, or of a `.env` file beside the configuration.

Rule 1: no message, repr or log line holds a value; only names are shown.
Rule 2: `RENDER_*` variables are never read for the target: on Render they describe the watchdog itself.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Annotated

from dotenv import dotenv_values
from pydantic import AfterValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from watchdog.adapters.options import parse_url
from watchdog.adapters.stores import POSTGRES, check_url
from watchdog.domain.errors import Mistake

PREFIX = "WATCHDOG_"
TEXT = "WATCHDOG_CONFIG_YAML"
SIZE_MAX = 64 * 1024
TOKEN_MIN = 24


def _one_word(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("holds a space, a line break or a letter outside ASCII: copy it again, without quotes")
    return value


def _web_address(value: SecretStr) -> SecretStr:
    if not re.match(r"https://[^/\s]+|http://(127\.0\.0\.1|localhost|\[::1\])([:/]|$)", value.get_secret_value()):
        raise ValueError("is not an https:// address")
    try:
        parse_url(value.get_secret_value())
    except ValueError:
        raise ValueError("is not an https:// address with a host and a port that there can be") from None
    return _one_word(value)


def _long(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < TOKEN_MIN:
        raise ValueError(f"is shorter than {TOKEN_MIN} characters: make one with `openssl rand -hex 32`")
    return _one_word(value)


def _long_given(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < TOKEN_MIN:
        raise ValueError(f"is shorter than {TOKEN_MIN} characters: it signs sessions; have a longer one made there")
    return _one_word(value)


def _check_in(value: SecretStr) -> SecretStr:
    if not re.search(r"/api/\d+/cron/[\w-]+/[\w-]+/?(\?environment=[^&#/\s]+)?$", value.get_secret_value()):
        raise ValueError("is not a check-in address: write https://HOST/api/PROJECT_ID/cron/MONITOR_SLUG/PUBLIC_KEY/")
    return _web_address(value)


def _database(value: SecretStr) -> SecretStr:
    if check_url(value.get_secret_value()) not in POSTGRES:
        raise ValueError("is not a postgresql:// address")
    return _one_word(value)


Token = Annotated[SecretStr, AfterValidator(_one_word)]
OwnToken = Annotated[SecretStr, AfterValidator(_long)]
GivenKey = Annotated[SecretStr, AfterValidator(_long_given)]
Address = Annotated[SecretStr, AfterValidator(_web_address)]
Check = Annotated[SecretStr, AfterValidator(_check_in)]


class Secrets(BaseSettings):
    """Every secret there is; which ones are needed follows from the configuration."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    render_api_key: Token | None = None
    """Render: Account Settings, API Keys."""
    sentry_token: Token | None = None
    """Sentry: an internal integration with org:read, project:read and event:read."""
    github_token: Token | None = None
    """GitHub: a fine-grained token with Contents: read-only, to see merges on a private branch."""
    slack_webhook_url: Address | None = None
    """Slack: an incoming webhook."""
    slack_bot_token: Token | None = None
    """Slack: a bot token with chat:write, for one threaded message per incident."""
    slack_app_token: Token | None = None
    """Slack: an app-level token (xapp-…) with connections:write, for approvals and /watchdog over Socket Mode."""
    pagerduty_routing_key: Token | None = None
    """PagerDuty: the integration key of an Events API v2 integration."""
    pagerduty_api_token: Token | None = None
    """PagerDuty: a read-only REST API key, to read back who acknowledged."""
    smtp_password: SecretStr | None = None
    """The password of `channels.email.user`."""
    webhook_url: Address | None = None
    """Where the generic webhook is posted."""
    webhook_token: Token | None = None
    """Sent to the generic webhook as a bearer token."""
    store_url: Annotated[SecretStr, AfterValidator(_database)] | None = None
    """PostgreSQL: postgresql://user:password@host/database, for `store: postgresql`."""
    heartbeat_url: Address | None = None
    """A healthchecks-style address, asked once a minute while the loop works."""
    sentry_crons_url: Check | None = None
    """A cron monitor's check-in address, told once a minute whether we are well."""
    sentry_dsn: Address | None = None
    """A Sentry project for the watchdog's own errors, not the site's."""
    remote_write_password: SecretStr | None = None
    """The password of `metrics.remote_write_user`."""
    remote_write_token: Token | None = None
    """Sent with remote write as a bearer token."""
    http_token: OwnToken | None = None
    """Asked of whoever reads more than /metrics and the health paths from us (as a bearer token); unset: nobody can."""

    console_token: OwnToken | None = None
    """Asked of whoever uses the web console: typed at its login, or shown by a program as a bearer token. May all."""
    console_operator_token: OwnToken | None = None
    """The same for somebody who may look, note, and hold the watchdog back: reject, stop, pause."""
    console_viewer_token: OwnToken | None = None
    """The same for somebody who may only look."""
    console_oidc_secret: GivenKey | None = None
    """The client secret of `console.oidc.client_id`, as its provider gave it."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read only what is passed in: the environment is an argument, so that nothing is read behind its back."""
        return (init_settings,)


KNOWN = tuple(PREFIX + name.upper() for name in Secrets.model_fields)
"""The names of all secrets."""


class SecretMap(Mapping[str, str]):
    """Secrets by variable name; its repr shows names and `***` only."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name}: ***" for name in sorted(self._values)) + "}"


def read_dotenv(folder: Path) -> tuple[Mapping[str, str], tuple[Mistake, ...]]:
    """Return the `WATCHDOG_*` variables of the folder's `.env` file, if there is one."""
    path = folder / ".env"
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(SIZE_MAX + 1)
    except FileNotFoundError:
        return {}, ()
    except (OSError, UnicodeDecodeError) as error:
        return {}, (Mistake(".env", f"cannot be read ({type(error).__name__})", "make it readable text, or remove it"),)
    if len(text) > SIZE_MAX:
        return {}, (Mistake(".env", f"larger than {SIZE_MAX // 1024} KiB", "keep only WATCHDOG_* lines"),)
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if name.startswith(PREFIX) and value}, ()


def read_secrets(variables: Mapping[str, str]) -> tuple[SecretMap, tuple[Mistake, ...]]:
    """Return the secrets among the variables (empty ones count as unset), and what is wrong with any of them."""
    given = {name: variables[name] for name in KNOWN if variables.get(name)}
    mistakes: list[Mistake] = []
    try:
        Secrets(**{name.removeprefix(PREFIX).lower(): value for name, value in given.items()})  # type: ignore[arg-type]
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            name = PREFIX + str(problem["loc"][0]).upper()
            why = str(problem["msg"]).removeprefix("Value error, ")
            mistakes.append(Mistake(name, why, "set it again; see the README's list of secrets"))
    return SecretMap(given), tuple(mistakes)


def unknown_variables(variables: Mapping[str, str]) -> tuple[tuple[Mistake, ...], tuple[str, ...]]:
    """Return likely misspellings of secrets (mistakes) and other `WATCHDOG_*` names nobody knows (warnings)."""
    mistakes: list[Mistake] = []
    warnings: list[str] = []
    for name in sorted(variables):
        if not name.startswith(PREFIX) or name in (*KNOWN, TEXT):
            continue
        near = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.6)
        sure = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.9)
        if sure and not variables.get(sure[0]):
            mistakes.append(Mistake(name, "nobody knows this variable", f"did you mean {sure[0]}?"))
        else:
            hint = f"; the nearest known one is {near[0]}" if near else ""
            warnings.append(f"the variable {name} is not known and not used{hint}")
    return tuple(mistakes), tuple(warnings)
