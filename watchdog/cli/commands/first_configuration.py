"""The command `init`: questions at a terminal, flags elsewhere; then a configuration, `.env.example` and next steps.

Beside it `schema`, which prints the file that `init` writes for editors.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from watchdog.cli.command_context import Context, usage_error
from watchdog.cli.options import Flag, It
from watchdog.domain.commands.command_line import command_line

if TYPE_CHECKING:
    from watchdog.settings.other_tools import Imported
    from watchdog.settings.text.first_channels import FirstChannels

DEFAULT_NAME = "watchdog.yaml"
EXAMPLE = ".env.example"
NONE_MORE: Mapping[str, str] = MappingProxyType({})
LOST_SHOWN = 40
"""Lines at the terminal about what could not be carried over."""


async def schema(*, ctx: It) -> int:
    """Print the JSON Schema of watchdog.yaml, by which editors complete keys and mark mistakes.

    `watchdog init` writes it beside the configuration, for editors to find. To renew that copy after an upgrade:
    `watchdog schema > watchdog.schema.json`.
    """
    sys.stdout.write(_shipped("watchdog.schema.json"))  # `SCHEMA_FILE` stands among modules that load pydantic
    return 0


def _shipped(name: str) -> str:
    return files("watchdog").joinpath("settings", "schema", name).read_text(encoding="utf-8")


async def init(
    *,
    from_render: Flag = False,
    source: Annotated[tuple[str, ...], Parameter(name="--from", negative="", show_default=False)] = (),
    site: str | None = None,
    render: str | None = None,
    slack: Flag = False,
    pagerduty: Flag = False,
    webhook: Flag = False,
    email: str | None = None,
    smtp: str | None = None,
    render_url: Annotated[str | None, Parameter(show=False)] = None,
    force: Flag = False,
    ctx: It,
) -> int:
    """Write a commented configuration in mode observe: from a few questions, your services on Render, or another tool.

    `--from FILE` reads what another tool watches; the content decides which one (`watchdog docs start` names them).
    What could not be carried over is named here and in the file; keys in it become variables and are not copied.

    Beside it `.env.example` names the variables to set, and `watchdog.schema.json` lets editors complete keys. A `.env`
    is never touched. At a terminal, `init` asks for values without an option, and offers to test the channels.

    Parameters
    ----------
    from_render
        Read your services from the Render API (needs WATCHDOG_RENDER_API_KEY; changes nothing).
    source
        A file of another tool; may be given several times.
    site
        The address of your site; without it, `init` asks.
    render
        The site's service on Render, id or exact name; may be empty.
    slack
        Notify people in Slack (an incoming webhook).
    pagerduty
        Page people by PagerDuty.
    webhook
        Post each notice as JSON to an address of yours.
    email
        Notify people by mail to this address; needs --smtp.
    smtp
        The mail server, host:port.
    render_url
        Another address of the Render API.
    force
        Overwrite existing files.
    """
    from watchdog.cli import output
    from watchdog.settings.text.first_channels import FirstChannels

    path = ctx.cwd / (ctx.config or DEFAULT_NAME)
    if path.exists() and not force:
        usage_error(str(path), "is there already", "--force overwrites it, -c names another file")
    chosen = FirstChannels(slack, pagerduty, webhook, email or "", smtp or "")
    if source:
        _only_files(from_render or site is not None or render is not None)
        return await _from_files(ctx, path, source, chosen, force)
    service = render
    try:
        if from_render:
            text, chosen = await _of_render(ctx, chosen, render_url)
        else:
            text, service, chosen = _of_one_site(site, render, chosen)
    except ValueError as error:
        usage_error("init", str(error), "")
    _write_all(path, text, chosen, force)
    needed = ("WATCHDOG_RENDER_API_KEY", *chosen.variables) if from_render or service else tuple(chosen.variables)
    output.show_lines(_next(path, chosen, _unset(ctx, path, needed)))
    return await _tested(ctx, chosen)


def _only_files(others: bool) -> None:
    if others:
        usage_error("init", "--from goes with neither --from-render nor --site nor --render", "choose one of them")


async def _of_render(ctx: Context, chosen: "FirstChannels", render_url: str | None) -> tuple[str, "FirstChannels"]:
    """Return the configuration of all services on Render, and the channels."""
    from watchdog.settings.text.init import from_render

    found, groups = await ctx.app().services(ctx.environ, ctx.cwd, render_url)
    chosen, own_id = _channels(chosen), ctx.environ.get("RENDER_SERVICE_ID")
    return from_render(found, own_id, chosen, groups=groups, render_url=render_url), chosen


def _of_one_site(site: str | None, render: str | None, chosen: "FirstChannels") -> tuple[str, str, "FirstChannels"]:
    """Return the configuration of one site, its service on Render, and the channels; what is None is asked.

    Raises ValueError for an answer that could not load, before the next question.
    """
    from watchdog.settings.text.init import minimal_text

    address = _ask("Address of your site (https://…): ") if site is None else site
    service = _ask("Service on Render (srv-…, or empty): ") if render is None else render
    minimal_text(address, service)
    chosen = _channels(chosen)
    return minimal_text(address, service, chosen), service, chosen


async def _from_files(ctx: Context, path: Path, files: Sequence[str], chosen: "FirstChannels", force: bool) -> int:
    """Write the configuration that is made from the files of other tools."""
    from watchdog.cli import output
    from watchdog.settings.other_tools import configuration_from

    sources = [ctx.cwd / name for name in files]
    if any(map(_same, sources, [path] * len(sources))):
        usage_error(str(path), "would be overwritten by what is read from it", "-c names another file")
    try:
        chosen.text()  # a wrong mail address is reported before the next question
        made = configuration_from(sources, chosen)
        if (asked := _channels(chosen)) != chosen:
            chosen, made = asked, configuration_from(sources, asked)
    except ValueError as error:
        usage_error("init", str(error), "")
    _write_all(path, made.text, chosen, force, made.variables)
    needed = ("WATCHDOG_RENDER_API_KEY", *chosen.variables, *made.variables)
    output.show_lines([*_lost(path, made), *_next(path, chosen, _unset(ctx, path, needed))])
    return await _tested(ctx, chosen)


def _same(source: Path, path: Path) -> bool:
    """Return whether both are there, and one file."""
    return source.exists() and path.exists() and source.samefile(path)


def _lost(path: Path, made: "Imported") -> Sequence[str]:
    """Return how much was carried over, and what was not, on so many lines as a person reads."""
    from watchdog.presentation.text import many

    shown = [f"  {line}" for line in made.lost[:LOST_SHOWN]]
    if rest := made.lost[LOST_SHOWN:]:
        shown.append(f"  and {len(rest)} more, each in {path.name}")
    return [f"Carried over: {many(made.carried, 'site')}.", *(["Not carried over:", *shown] if shown else []), ""]


def _write_all(
    path: Path, text: str, chosen: "FirstChannels", force: bool, variables: Mapping[str, str] = NONE_MORE
) -> None:
    """Write the configuration, its schema, and `.env.example` unless it exists."""
    from watchdog.settings.text.first_channels import env_example
    from watchdog.settings.text.init import SCHEMA_FILE

    _write(path, text)
    _write(path.with_name(SCHEMA_FILE), _shipped(SCHEMA_FILE))
    example = path.with_name(EXAMPLE)
    if force or not example.exists():
        _write(example, env_example(chosen, variables))


def _channels(chosen: "FirstChannels") -> "FirstChannels":
    """Return the channels from the options, else from answers at a terminal; without a terminal, ask nothing."""
    from watchdog.settings.text.first_channels import WAYS, FirstChannels

    if chosen.names or not sys.stdin.isatty():
        return chosen
    answer = _ask(f"How are people notified? Any of {', '.join(WAYS)} (empty: not yet): ")
    words = answer.lower().replace(",", " ").split()
    if set(words) - set(WAYS):
        raise ValueError(f"not a channel: write any of {', '.join(WAYS)}")
    mail = "email" in words
    return FirstChannels(
        slack="slack" in words,
        pagerduty="pagerduty" in words,
        webhook="webhook" in words,
        email=_ask("Address to write to: ") if mail else "",
        smtp=_ask("Mail server (host:port): ") if mail else "",
    )


def _unset(ctx: Context, path: Path, needed: Sequence[str]) -> Sequence[str]:
    """Return the variables missing in the environment and in `.env`."""
    from watchdog.settings.load.secrets import read_dotenv

    from_file = read_dotenv(path.parent)[0]
    return [name for name in needed if not (ctx.environ.get(name) or from_file.get(name))]


def _next(path: Path, chosen: "FirstChannels", needed: Sequence[str]) -> Sequence[str]:
    """Return the files written and the next steps; the warning that no person is notified comes last."""
    from watchdog.settings.text.first_channels import SILENT

    steps = [f"Wrote {path}. It observes and touches nothing."]
    if needed:
        # `init` never touches a `.env`, so the person adds the variables to it.
        there = path.with_name(".env").exists()
        how = "set in .env:" if there else f"copy {EXAMPLE} to .env and set"
        steps.append(f"Next:  {how} {', '.join(needed)}")
    steps.append(f"Next:  {command_line('check', '--live')}   (tries it against the real services)")
    if chosen.names:
        return [*steps, f"       {command_line('notify test')}    (does a message reach people?)"]
    return [
        *steps,
        "",
        SILENT,
        f"Choose one in {path.name} (below channels:), or: {command_line('init', '--force', '--slack')}",
    ]


async def _tested(ctx: Context, chosen: "FirstChannels") -> int:
    """Offer to test the channels, if at a terminal and their variables are set."""
    from watchdog.cli import output
    from watchdog.cli.commands.lifecycle import channel_test
    from watchdog.domain.errors import ConfigurationError

    if not chosen.names or not sys.stdin.isatty():
        return output.DONE
    try:
        ctx.settings()
    except ConfigurationError:
        # The variables are not set yet: the next steps say so.
        return output.DONE
    if _ask("Send a test message through them now? (y/N) ").lower() not in ("y", "yes"):
        return output.DONE
    return await channel_test(ctx=ctx)


def _ask(question: str) -> str:
    sys.stdout.write(question)
    sys.stdout.flush()
    answer = sys.stdin.readline()
    # The end of the input: an empty answer still has its line break.
    if not answer:
        usage_error("init", "no answer", "give --site and --render, or --from-render")
    return answer.strip()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        usage_error(str(path), f"cannot be written ({error.strerror})", "-c names another file")
