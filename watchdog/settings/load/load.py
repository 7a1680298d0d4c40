"""From a file and an environment to Settings; every mistake at once, each with its place."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from watchdog.docs.places import CONFIGURATION
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.settings.load.build import build
from watchdog.settings.load.secrets import TEXT, read_dotenv, read_secrets, unknown_variables
from watchdog.settings.model.settings import Settings
from watchdog.settings.text.yaml_document import parse, read_text

FILE = "watchdog.yaml"


def load(path: Path | None, environ: Mapping[str, str], cwd: Path, *, secretless: bool = False) -> Settings:
    """Return the settings from the given file, else `./watchdog.yaml`, else the text in WATCHDOG_CONFIG_YAML.

    Secrets come from `environ`, else from a `.env` beside the file; `secretless`: the caller needs the policy only, so
    secrets may be missing. Raises ConfigurationError with every mistake.
    """
    found, name, text = _text(path, environ, cwd)
    folder = found.parent if found else cwd
    from_file, dotenv_mistakes, unread = read_dotenv(folder)
    # An empty variable is how many hosts write "not set", so it does not hide the value of `.env`.
    variables = {**from_file, **{key: value for key, value in environ.items() if value}}
    secrets, secret_mistakes = read_secrets(variables)
    misspelt, strange = unknown_variables(variables)
    document = parse(text, name)
    settings = None
    # Without data the document is unreadable YAML, whose mistakes would be followed by "services is missing".
    if document.data or not document.mistakes:
        try:
            settings = build(document, secrets, environ, found, folder, secretless=secretless)
        except Exception as error:  # noqa: BLE001  no file may end the daemon or its reload, nor show people a traceback
            # Without the exception's text: it may quote a value, and a value may be a secret.
            what = f"a check of this file failed by a fault of the watchdog ({type(error).__name__})"
            document.report((), what, "undo the last change, and report it with this line")
    others = (*dotenv_mistakes, *secret_mistakes, *misspelt)
    # A document without settings and without a mistake would be a silent failure of the checks.
    if settings is None and not (document.mistakes or others):
        document.report((), "cannot be understood", f"start from what {command_line('init')} writes")
    if settings is None or others or document.mistakes:
        raise document.refusal(*others, place=CONFIGURATION)
    return dataclasses.replace(settings, warnings=(*settings.warnings, *unread, *strange))


def is_configured(environ: Mapping[str, str], cwd: Path) -> bool:
    """Return whether there is a configuration without naming a file."""
    return (cwd / FILE).exists() or bool(environ.get(TEXT))


def _text(path: Path | None, environ: Mapping[str, str], cwd: Path) -> tuple[Path | None, str, str]:
    """Return the file (or None), its name for messages, and the configuration's text."""
    chosen = cwd / (path or FILE)
    if path is None and not chosen.exists():
        if environ.get(TEXT):
            return None, TEXT, environ[TEXT]
        what = "there is no configuration"
        raise ConfigurationError(
            (Mistake(FILE, what, f"run {command_line('init')}, or name one with -c, or set {TEXT}"),)
        )
    return chosen, chosen.name, read_text(chosen, chosen.name, "name a readable file in UTF-8 with -c")
