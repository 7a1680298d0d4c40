"""The commands of people at the terminal: each is a function made from its row of the table, for cyclopts to read.

What it asks for becomes a row in the store that the daemon answers; who typed it is recorded.
"""

from collections.abc import Callable, Coroutine, Mapping
from inspect import Parameter as Named
from inspect import Signature
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from watchdog.cli.command_context import Context, known_service, no_such_incident, usage_error
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import (
    ALL,
    Argument,
    HumanCommand,
    InvalidRequest,
    Kind,
    Subject,
    stored_arguments,
)
from watchdog.domain.identities import TERMINAL, identity
from watchdog.presentation.text import clean

It = Annotated[Context, Parameter(parse=False)]
SUBJECTS: Mapping[Subject, tuple[str, str]] = {
    Subject.INCIDENT: ("incident", "Its id, as in web-1."),
    Subject.SERVICE: ("service", "Its name in the configuration."),
    Subject.SERVICE_OR_ALL: ("service", "Its name in the configuration, or all."),
    Subject.SILENCE: ("name", f"As `{command_line('silences')}` lists it: silence-1, hold-2."),
    Subject.COMMIT: ("commit", "The commit or image digest, or its first 7 characters and more."),
}
"""What the first word is called, and what it may be."""
ANSWER_MAX = 2000
"""So many characters of an answer are shown: the core's own words, and what came of them."""


def command_function(command: HumanCommand) -> Callable[..., Coroutine[Any, Any, int]]:
    """Return the function of a command, with the signature and the docstring from which the help is made."""
    subject, meaning = SUBJECTS.get(command.subject, ("", ""))

    async def run(*about: str, ctx: Context, **given: Any) -> int:
        named = about[0] if about else ""
        return await submit(ctx, command.name, checked_arguments(ctx, command, named, given))

    parameters = [Named(subject, Named.POSITIONAL_ONLY, annotation=str)] if subject else []
    parameters += [_option(one) for one in command.arguments]
    parameters.append(Named("ctx", Named.KEYWORD_ONLY, annotation=It))
    explained = [f"{subject}\n    {meaning}"] if subject else []
    explained += [f"{one.name}\n    {one.says[0].upper()}{one.says[1:]}." for one in command.arguments]
    documented = "\n".join(("Parameters", "----------", *explained)) if explained else ""
    run.__name__ = command.name.replace("-", "_")
    run.__doc__ = "\n\n".join(filter(None, (command.says, documented)))
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return run


def _option(one: Argument) -> Named:
    """Return an argument as an option: `--for 2h`."""
    choices: Any = Literal[one.choices] if one.choices else str
    kind: Any = bool if one.kind is Kind.FLAG else choices
    optional = one.default is not None or one.kind is Kind.FLAG
    default = Named.empty if not optional else (False if one.kind is Kind.FLAG else one.default or None)
    kind = kind if default is not None else kind | None
    return Named(one.name, Named.KEYWORD_ONLY, default=default, annotation=Annotated[kind, Parameter(name=one.option)])


def checked_arguments(ctx: Context, command: HumanCommand, subject: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the daemon gets of a command. Raises ConfigurationError for what cannot be meant."""
    of_service = command.subject in (Subject.SERVICE, Subject.SERVICE_OR_ALL)
    if of_service and not (command.subject is Subject.SERVICE_OR_ALL and subject == ALL):
        known_service(ctx.settings(), subject)
    said = {name: clean(value, ANSWER_MAX) if isinstance(value, str) else value for name, value in given.items()}
    for one in command.arguments:
        if said.get(one.name) == "" and one.default == "":  # `--signal "$UNSET"` must not silence the whole service
            usage_error(one.option, "there is nothing in it to read", "leave it out, or say which")
    try:
        arguments = stored_arguments(command, subject, said)
    except InvalidRequest as error:
        usage_error(error.where, error.what, error.instead)
    if "signal" in arguments:
        known = ctx.settings().policy.signals_of(arguments["of"])
        if arguments["signal"] not in known:
            usage_error(arguments["signal"], "no such signal", f"one of: {', '.join(known)}")
    if command is COMMANDS["approve"]:
        arguments["identity"] = identity(TERMINAL, ctx.who())
    return arguments


async def annotate(ctx: Context, name: str, incident: str, given: Mapping[str, Any], by: str) -> int:
    """Have something added to the record of an incident and print what became of it.

    Raises ConfigurationError for what cannot be meant, an incident that does not exist included.
    """
    from watchdog.cli import output

    arguments, settings = checked_arguments(ctx, COMMANDS[name], incident, given), ctx.settings()
    async with ctx.app().reading(settings) as store:
        if await store.incident(incident) is None:
            no_such_incident(incident)
    (answered,) = await ctx.app().annotate(settings, [(name, arguments)], by)
    if not answered.ok:
        output.print_error(answered.answer)
        return answered.exit_code or output.FAILED
    output.show_lines([f"{clean(answered.answer, ANSWER_MAX)}."])
    return output.DONE


async def submit(ctx: Context, name: str, arguments: Mapping[str, Any]) -> int:
    """Have the change applied and print the answer; the answer's exit code is ours."""
    from watchdog.cli import output

    answered = await ctx.app().command(ctx.settings(), name, arguments, ctx.author())
    if answered.ok:
        output.show_lines([clean(answered.answer or "Done.", ANSWER_MAX)])
        return output.DONE
    output.print_error(answered.answer or "the daemon did not say why it refused")
    return answered.exit_code or output.FAILED
