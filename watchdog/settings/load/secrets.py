"""The secrets: `WATCHDOG_*` variables of the environment, or of a `.env` file beside the configuration.

Rule 1: no message, repr or log line holds a value; only names are shown.
Rule 2: `RENDER_*` variables are never read for the target: on Render they describe the watchdog itself.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

from dotenv.parser import parse_stream
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from watchdog.adapters.options import parse_url, travels_in_clear
from watchdog.adapters.redactor import SECRET_MIN
from watchdog.adapters.signals.probe_options.named_secrets import FAMILY
from watchdog.adapters.signals.probe_options.named_secrets import VARIABLE as PROBE_VARIABLE
from watchdog.adapters.stores import POSTGRES, check_url
from watchdog.docs.page_table import shell_place
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Mistake

# One prefix for all: names such as RENDER_SERVICE_ID are set by Render itself, and mean the watchdog.
PREFIX = "WATCHDOG_"
TEXT = "WATCHDOG_CONFIG_YAML"
# A bound before parsing: a wrong path may name a log of gigabytes.
SIZE_MAX = 64 * 1024
TOKEN_MIN = 24
LINE_MAX = 4096
"""Characters of a line. The library searches for comments in time quadratic in the blanks of a line."""
FOREIGN = re.compile(rf"(?:export +)?(?!{PREFIX})\w+=[^'\"]*$|(?:export +)?(?!{PREFIX})\w+=(['\"])[^'\"]*\1$")
"""A variable of another program, whole on one line. It may be of any length and is left out."""
UNKNOWN_MAX, NAME_MAX = 50, 100
"""Unknown names that are compared; finding the nearest known one takes a millisecond each."""


def _one_word(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    # A pasted line break or quote would be sent in a header, and the vendor would answer 401 without a reason.
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("holds a space, a line break or a letter outside ASCII: copy it again, without quotes")
    return value


def _web_address(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not re.match(r"https?://[^/\s]+", text):
        raise ValueError("is not an https:// address")
    try:
        parse_url(text)
    except ValueError:
        raise ValueError("is not an https:// address with a host and a port that there can be") from None
    # Plain http to this machine alone: a test or a proxy; elsewhere the address, which is a secret, could be read.
    if travels_in_clear(text):
        raise ValueError("is not an https:// address")
    return _one_word(value)


def _addresses(value: SecretStr) -> SecretStr:
    addresses = value.get_secret_value().split()
    if not addresses or not all(re.fullmatch(r"[a-z][a-z0-9+.-]*://[\x21-\x7e]*", one) for one in addresses):
        raise ValueError("is not a list of addresses as in discord://ID/TOKEN, with blanks between them")
    return value


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


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the environment, as the handbook lists it (Markdown)."""

    name: str  # with its prefix
    needed_for: str  # what reads it; optional: that works without it as well
    least: str  # the least that its value must allow, and where it comes from


def _variable(needed_for: str, least: str) -> Any:
    """Return the field of a secret: unset by default, with the texts of `VARIABLES`."""
    return Field(default=None, title=needed_for, description=least)


class Secrets(BaseSettings):
    """Every secret of the product; the configuration decides which of them are needed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    render_api_key: Token | None = _variable(
        "deploys, events and rollbacks; without it no deploy is blamed, and services are only watched",
        "an API key (Account Settings, API Keys) of a separate Render user; read-only for mode `observe`",
    )
    sentry_token: Token | None = _variable(
        "signals of kind `sentry`",
        "an internal integration with `org:read`, `project:read`, `event:read`; not a person's token, no write scope",
    )
    prometheus_token: Token | None = _variable(
        "signals of kind `prometheus` with `auth: bearer`",
        "the right to query, not to write metrics; every such signal sends it",
    )
    prometheus_password: SecretStr | None = _variable(
        "signals of kind `prometheus` with `auth: basic`",
        "the password of a user who may query, and not write metrics; every such signal sends it",
    )
    github_token: Token | None = _variable(
        "`channels: {tickets: {github: …}}`; optional: commits of private repositories, for `repository: github` "
        "and for merges while auto-deploy is off",
        "a fine-grained token for these repositories alone: *Contents: read-only*, and *Issues: read and write* "
        f"only where tickets are kept, or issues of `{command_line('issue', 'INCIDENT')}`; for "
        f"`{command_line('deploy-watch')}`: see `{command_line('docs', 'gate')}`",
    )
    github_write_token: Token | None = _variable(
        f"optional: `{command_line('git-revert', 'INCIDENT')}` and `{command_line('fix-branch', 'INCIDENT')}` write by "
        "GitHub's API; without it by `git`, with your own credentials. No daemon uses it: set it where you type, not "
        "where the daemon runs",
        "a fine-grained token for these repositories alone: *Contents* and *Pull requests: read and write*; "
        "*Workflows*, too, where a revert may change `.github/workflows`",
    )
    flag_token: Token | None = _variable(
        "`{token}` in a header of `services.*.remedies.*.flag_off`: switches feature flags off; of "
        "`services.*.drill.flag_on`: on, for a drill",
        "a token of the flag service that may read and switch the flags of one environment, and nothing else",
    )
    remedy_token: Token | None = _variable(
        "`{token}` in a header of `services.*.remedies.*.webhook`: calls what else is tried before a rollback",
        "a token that may make that one call and read what came of it; every webhook of `remedies` sends it",
    )
    slack_webhook_url: Address | None = _variable(
        "`channels: {slack: {}}`",
        "an incoming webhook: it can post to its one channel",
    )
    slack_bot_token: Token | None = _variable(
        '`channels: {slack: {channel: "#x"}}`: one thread per incident',
        "a bot token (`xoxb-…`) with `chat:write`, the bot invited to that channel; not `chat:write.public`",
    )
    slack_app_token: Token | None = _variable(
        "`approvals: socket_mode` of that channel: the socket over which clicks and `/watchdog` come",
        "an app-level token (`xapp-…`) with `connections:write` alone",
    )
    pagerduty_routing_key: Token | None = _variable(
        "`channels: {pagerduty: {}}`",
        "the integration key of an Events API v2 integration of one service; no REST API key",
    )
    pagerduty_api_token: Token | None = _variable(
        "optional: reads back who acknowledged or resolved a page",
        "a **read-only** REST API key; our client for it can only `GET`",
    )
    alertmanager_token: Token | None = _variable(
        "`channels: {alertmanager: {user: …}}`: that user's password; without `user`, optional, a bearer token",
        "a user of the proxy before Alertmanager that may post and read alerts, and read silences and the status",
    )
    smtp_password: SecretStr | None = _variable(
        "`channels: {email: {user: …}}`",
        "the password of a separate mailbox that only sends",
    )
    webhook_url: Address | None = _variable(
        "`channels: {webhook: {}}`",
        "an address that takes notices and does nothing else; with `preset`, as "
        f"`{command_line('docs', 'moving-over')}` shows it",
    )
    webhook_token: Token | None = _variable(
        "`preset: opsgenie`, or `{token}` in a header of that channel; else optional: sent there as a bearer token",
        "a token that only that receiver knows; of Opsgenie, the key of an API integration",
    )
    apprise_urls: Annotated[SecretStr, AfterValidator(_addresses)] | None = _variable(
        "`channels: {apprise: {}}`: where the notices go, one address a service, with blanks between them",
        "addresses as `https://appriseit.com/services/` shows them, with keys that may post, and nothing else",
    )
    store_url: Annotated[SecretStr, AfterValidator(_database)] | None = _variable(
        "`store: postgresql`",
        "`postgresql://user:password@host/database`, of a role that owns one database (or schema) of its own, "
        "not the site's",
    )
    heartbeat_url: Address | None = _variable(
        "a dead man's switch in the style of healthchecks: asked once a minute while the loop works (by one "
        "worker for all)",
        "one check's ping address, not the project's API key",
    )
    sentry_crons_url: Check | None = _variable(
        "the same for a Sentry cron monitor (interval one minute)",
        "the check-in address `https://HOST/api/PROJECT_ID/cron/MONITOR_SLUG/PUBLIC_KEY/`, which only writes",
    )
    sentry_dsn: Address | None = _variable(
        "optional: the watchdog's own errors",
        "a separate Sentry project: in the site's, these errors would raise the watched rate",
    )
    remote_write_password: SecretStr | None = _variable(
        "`metrics: {remote_write_user: …}`",
        "the right to write metrics, not to read them",
    )
    remote_write_token: Token | None = _variable(
        "optional: remote write with a bearer token instead",
        "the right to write metrics, not to read them",
    )
    http_token: OwnToken | None = _variable(
        "optional: `GET /status` beside the metrics; without it only metrics and health are served",
        "made by you: `openssl rand -hex 32`",
    )
    console_token: OwnToken | None = _variable(
        "`console: {enabled: true}`: typed at its login, or sent by a program as a bearer token; its bearer has "
        "the role *approver*",
        "made by you: `openssl rand -hex 32`; not the one above",
    )
    console_operator_token: OwnToken | None = _variable(
        "optional: the same for the role *operator*, who may look, note, and hold the watchdog back (reject, "
        "stop, pause)",
        "made by you, unlike the other tokens",
    )
    console_viewer_token: OwnToken | None = _variable(
        "optional: the same for the role *viewer*, who may only look",
        "made by you, unlike the other tokens",
    )
    console_assistant_token: OwnToken | None = _variable(
        f"optional: sent by `{command_line('mcp')}` for an assistant, which may look, and answer a question with a "
        "code that a person gives it",
        "made by you, unlike the other tokens",
    )
    console_oidc_secret: GivenKey | None = _variable(
        "`console: {oidc: …}`: asks the provider who signed in, and signs the sessions",
        "made by the provider for a client of its own that may use the authorization code flow alone; scopes "
        "`openid email`",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the passed values only: the environment is an argument, so that no source is read implicitly."""
        return (init_settings,)


KNOWN = tuple(PREFIX + name.upper() for name in Secrets.model_fields)
"""The names of all secrets."""
VARIABLES = (
    *(
        Variable(PREFIX + name.upper(), field.title or "", field.description or "")
        for name, field in Secrets.model_fields.items()
    ),
    Variable(
        f"{FAMILY}…",
        "any number, each with a name of your own behind `PROBE_`: sent by the probe that names it, as in "
        f'`headers: {{x-api-key: "${{{FAMILY}KEY}}"}}` (also in `auth` and `body`), or by `heartbeat`, '
        f"`lighthouse` and `plausible`; see `{command_line('docs', 'probes')}`",
        "a key or password of the site for the watchdog alone, which may read what is probed and nothing else",
    ),
    Variable(TEXT, "the configuration itself, for a worker without files", "holds no secret"),
)
"""All variables, in the order in which they are listed: the source of every list of them."""


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


def read_dotenv(folder: Path) -> tuple[Mapping[str, str], tuple[Mistake, ...], tuple[str, ...]]:
    """Return the `WATCHDOG_*` variables of the folder's `.env` file, if any, its mistakes, and its warnings.

    Unreadable lines give one warning: the library would write a log line for each.
    """
    path = folder / ".env"
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(SIZE_MAX + 1)
    except FileNotFoundError:
        return {}, (), ()
    except (OSError, UnicodeDecodeError) as error:
        return (
            {},
            (Mistake(".env", f"cannot be read ({type(error).__name__})", "make it readable text, or remove it"),),
            (),
        )
    if len(text) > SIZE_MAX:
        return {}, (Mistake(".env", f"larger than {SIZE_MAX // 1024} KiB", "keep only WATCHDOG_* lines"),), ()
    # Before the parser, whose time grows with the square of a line's blanks (LINE_MAX).
    written = ["" if len(line) > LINE_MAX and FOREIGN.match(line) else line for line in text.split("\n")]
    long = next((number for number, line in enumerate(written, 1) if len(line) > LINE_MAX), None)
    if long is not None:
        return {}, (Mistake(f".env:{long}", f"longer than {LINE_MAX} characters", "write NAME=value on a line"),), ()
    lines = list(parse_stream(StringIO("\n".join(written))))
    values = {one.key: one.value for one in lines if one.key is not None}
    wrong = [one.original.line for one in lines if one.error]
    warnings = (
        (f".env: {len(wrong)} lines are not NAME=value and not used (the first: line {wrong[0]})",) if wrong else ()
    )
    # Empty values count as unset, as they do in the environment.
    return {name: value for name, value in values.items() if name.startswith(PREFIX) and value}, (), warnings


def read_secrets(variables: Mapping[str, str]) -> tuple[SecretMap, tuple[Mistake, ...]]:
    """Return the secrets among the variables (empty ones count as unset), and the mistakes in them."""
    given = {name: variables[name] for name in KNOWN if variables.get(name)}
    mistakes: list[Mistake] = []
    try:
        Secrets(**{name.removeprefix(PREFIX).lower(): value for name, value in given.items()})  # type: ignore[arg-type]
    except ValidationError as error:
        # Without input and context: both hold the value, which no message may show.
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            name = PREFIX + str(problem["loc"][0]).upper()
            why = str(problem["msg"]).removeprefix("Value error, ")
            mistakes.append(
                Mistake(name, why, f"set it again; {shell_place('reference-variables')} says what it needs")
            )
    for name in sorted(variables):
        if PROBE_VARIABLE.fullmatch(name) and variables[name]:
            given[name] = variables[name]
            mistakes += [Mistake(name, why, "set it again")] if (why := _why_not_sent(variables[name])) else []
    return SecretMap(given), tuple(mistakes)


def _why_not_sent(value: str) -> str:
    """Return why a probe cannot send a value, or an empty text. A password may hold blanks."""
    if not (value.isascii() and value.isprintable()) or value != value.strip():
        return "holds a line break, a blank at its end or a letter outside ASCII"
    return f"is shorter than {SECRET_MIN} characters" if len(value) < SECRET_MIN else ""


def _is_strange(name: str) -> bool:
    return name.startswith(PREFIX) and name not in (*KNOWN, TEXT) and not PROBE_VARIABLE.fullmatch(name)


def unknown_variables(variables: Mapping[str, str]) -> tuple[tuple[Mistake, ...], tuple[str, ...]]:
    """Return likely misspellings of secrets (mistakes) and other unknown `WATCHDOG_*` names (warnings)."""
    mistakes: list[Mistake] = []
    warnings: list[str] = []
    unknown = [name for name in sorted(variables) if _is_strange(name)]
    for name in unknown[:UNKNOWN_MAX]:
        # 0.6 suggests, 0.9 refuses: only a nearly equal name is surely a misspelling.
        near = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.6)
        sure = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.9)
        # Only if the near one is unset: else the strange name is probably another
        # program's, and no reason to refuse the start.
        if sure and not variables.get(sure[0]):
            mistakes.append(Mistake(name[:NAME_MAX], "unknown variable", f"did you mean {sure[0]}?"))
        else:
            hint = f"; the nearest known one is {near[0]}" if near else ""
            warnings.append(f"the variable {name[:NAME_MAX]} is not known and not used{hint}")
    if len(unknown) > UNKNOWN_MAX:
        warnings.append(f"{len(unknown) - UNKNOWN_MAX} more variables are not known and not used")
    return tuple(mistakes), tuple(warnings)
