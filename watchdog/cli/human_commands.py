"""Commands of the command table at the terminal: each is a function made from its row, for cyclopts to read.

It submits a row to the store that the daemon answers; the person at the terminal is recorded as its author.
"""

from collections.abc import Callable, Coroutine, Mapping
from inspect import Parameter as Named
from inspect import Signature
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from watchdog.cli.command_context import Context, known_page, known_service, no_such_incident, usage_error
from watchdog.cli.options import It
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import (
    ALL,
    Argument,
    ArgumentType,
    HumanCommand,
    InvalidRequest,
    Subject,
    stored_arguments,
)
from watchdog.domain.identities import TERMINAL, identity
from watchdog.presentation.text import clean

if TYPE_CHECKING:
    from watchdog.domain.store_records import Command

SUBJECTS: Mapping[Subject, tuple[str, str]] = {
    Subject.INCIDENT: ("incident", "Its id, as in web-1."),
    Subject.SERVICE: ("service", "Its name in the configuration."),
    Subject.SERVICE_OR_ALL: ("service", "Its name in the configuration, or all."),
    Subject.SILENCE: ("name", f"As `{command_line('silences')}` lists it: silence-1, hold-2."),
    Subject.PAGE: ("page", "The name of a status page in the configuration, as in /status/NAME."),
    Subject.ANNOUNCEMENT: ("announcement", f"Its id, as `{command_line('announcements')}` lists it: announcement-3."),
    Subject.COMMIT: ("commit", "The commit or image digest, or its first 7 characters and more."),
}
"""The name of the first word, and its meaning."""
ANSWER_MAX = 2000
"""Characters of an answer shown: the core's own text, and the outcome."""


def command_function(command: HumanCommand) -> Callable[..., Coroutine[Any, Any, int]]:
    """Return the function of a command, with the signature and the docstring that cyclopts shows as help."""
    subject, meaning = SUBJECTS.get(command.subject, ("", ""))

    async def run(*about: str, ctx: Context, **given: Any) -> int:
        named = about[0] if about else ""
        return await submit(ctx, command.name, checked_arguments(ctx, command, named, given))

    # By position alone: cyclopts would offer the subject as an option, too (`--service web`).
    parameters = [Named(subject, Named.POSITIONAL_ONLY, annotation=str)] if subject else []
    parameters += [_option(one) for one in command.arguments]
    parameters.append(Named("ctx", Named.KEYWORD_ONLY, annotation=It))
    explained = [f"{subject}\n    {meaning}"] if subject else []
    explained += [f"{one.name}\n    {one.says[0].upper()}{one.says[1:]}." for one in command.arguments]
    documented = "\n".join(("Parameters", "----------", *explained)) if explained else ""
    run.__name__ = command.name.replace("-", "_")
    # cyclopts reads help, parameters and types from the function itself, so they are set from the row.
    run.__doc__ = "\n\n".join(filter(None, (command.says, documented)))
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return run


def _option(one: Argument) -> Named:
    """Return an argument as an option: `--for 2h`."""
    choices: Any = Literal[one.choices] if one.choices else str
    kind: Any = bool if one.kind is ArgumentType.FLAG else choices
    optional = one.default is not None or one.kind is ArgumentType.FLAG
    default = Named.empty if not optional else (False if one.kind is ArgumentType.FLAG else one.default or None)
    kind = kind if default is not None else kind | None
    return Named(one.name, Named.KEYWORD_ONLY, default=default, annotation=Annotated[kind, Parameter(name=one.option)])


def checked_arguments(ctx: Context, command: HumanCommand, subject: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that the daemon receives. Raises ConfigurationError for invalid ones."""
    of_service = command.subject in (Subject.SERVICE, Subject.SERVICE_OR_ALL)
    if of_service and not (command.subject is Subject.SERVICE_OR_ALL and subject == ALL):
        known_service(ctx.settings(), subject)
    if command.subject is Subject.PAGE:
        known_page(ctx.settings(), subject)
    said = {name: clean(value, ANSWER_MAX) if isinstance(value, str) else value for name, value in given.items()}
    for one in command.arguments:
        # With an unset variable (`--signal "$UNSET"`) the silence would cover the whole service.
        if said.get(one.name) == "" and one.default == "":
            usage_error(one.option, "there is nothing in it to read", "leave it out, or say which")
    try:
        arguments = stored_arguments(command, subject, said)
    except InvalidRequest as error:
        usage_error(error.where, error.what, error.instead)
    if "signal" in arguments:
        known = ctx.settings().policy.signals_of(arguments["of"])
        if arguments["signal"] not in known:
            usage_error(arguments["signal"], "no such signal", f"one of: {', '.join(known)}")
    # Approvals are checked against the identity, and the store keeps only a display name otherwise.
    if command is COMMANDS["approve"]:
        arguments["identity"] = identity(TERMINAL, ctx.who())
    return arguments


async def annotate(ctx: Context, name: str, incident: str, given: Mapping[str, Any], by: str) -> int:
    """Add to the record of an incident, and print the answer.

    Raises ConfigurationError for invalid arguments and for an unknown incident.
    """
    from watchdog.cli import output

    arguments, settings = checked_arguments(ctx, COMMANDS[name], incident, given), ctx.settings()
    async with ctx.app().reading(settings) as store:
        # Checked before submitting: a mistyped id is a usage error (exit code 2), and no command for the audit.
        if await store.incident(incident) is None:
            no_such_incident(incident)
    (answered,) = await ctx.app().annotate(settings, [(name, arguments)], by)
    if not answered.ok:
        return _not_done(answered)
    output.show_lines([f"{clean(answered.answer, ANSWER_MAX)}."])
    return output.DONE


async def submit(ctx: Context, name: str, arguments: Mapping[str, Any]) -> int:
    """Submit a command and print its answer; return the answer's exit code."""
    from watchdog.cli import output

    answered = await ctx.app().command(ctx.settings(), name, arguments, ctx.author())
    if answered.ok:
        output.show_lines([clean(answered.answer or "Done.", ANSWER_MAX)])
        return output.DONE
    return _not_done(answered)


def _not_done(answered: "Command") -> int:
    """Print why a command was not carried out, and the handbook's page about it; return the exit code."""
    from watchdog.cli import output
    from watchdog.docs.places import handbook_line, place_of_answer

    output.print_error(answered.answer or "the daemon did not say why it refused")
    output.print_error(handbook_line(place_of_answer(answered.name)))
    return answered.exit_code or output.FAILED
