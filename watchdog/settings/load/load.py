"""From a file and an environment to Settings; every mistake at once, each with its place."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.signals import SIGNALS
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.settings.load.build import Builder
from watchdog.settings.load.secrets import TEXT, read_dotenv, read_secrets, unknown_variables
from watchdog.settings.model.settings import Settings
from watchdog.settings.schema.adapter_entries import Notifiers, Registries, Signals
from watchdog.settings.text.yaml_document import SIZE_MAX, parse

FILE = "watchdog.yaml"


def load(
    path: Path | None,
    environ: Mapping[str, str],
    cwd: Path,
    *,
    signals: Signals = SIGNALS,
    notifiers: Notifiers = NOTIFIERS,
    secretless: bool = False,
) -> Settings:
    """Return the settings from the given file, else `./watchdog.yaml`, else the text in WATCHDOG_CONFIG_YAML.

    Secrets come from `environ`, else from a `.env` beside the file; `secretless`: only the policy is wanted, so that
    none needs to be there. Raises ConfigurationError with every mistake.
    """
    found, name, text = _text(path, environ, cwd)
    folder = found.parent if found else cwd
    from_file, dotenv_mistakes = read_dotenv(folder)
    variables = {**from_file, **{key: value for key, value in environ.items() if value}}
    secrets, secret_mistakes = read_secrets(variables)
    misspelt, strange = unknown_variables(variables)
    document = parse(text, name)
    settings = None
    if document.data or not document.mistakes:
        settings = Builder(document, secrets, environ, Registries(signals, notifiers), secretless).build(found, folder)
    mistakes = (*sorted(document.mistakes, key=_line), *dotenv_mistakes, *secret_mistakes, *misspelt)
    if mistakes or settings is None:
        raise ConfigurationError(mistakes or (Mistake(name, "cannot be understood", "start from config/minimal.yaml"),))
    return dataclasses.replace(settings, warnings=(*settings.warnings, *strange))


def is_configured(environ: Mapping[str, str], cwd: Path) -> bool:
    """Tell whether there is a configuration without naming a file."""
    return (cwd / FILE).exists() or bool(environ.get(TEXT))


def _text(path: Path | None, environ: Mapping[str, str], cwd: Path) -> tuple[Path | None, str, str]:
    """Return the file (or None), its name for messages, and the configuration's text."""
    chosen = cwd / (path or FILE)
    if path is None and not chosen.exists():
        if environ.get(TEXT):
            return None, TEXT, environ[TEXT]
        what = "there is no configuration"
        raise ConfigurationError((Mistake(FILE, what, f"run watchdog init, or name one with -c, or set {TEXT}"),))
    try:
        with chosen.open("rb") as file:
            data = file.read(SIZE_MAX + 1)
        return chosen, chosen.name, data.decode("utf-8-sig", errors="replace" if len(data) > SIZE_MAX else "strict")
    except (OSError, UnicodeDecodeError) as error:
        what = f"cannot be read ({type(error).__name__})"
        raise ConfigurationError((Mistake(chosen.name, what, "name a readable file in UTF-8 with -c"),)) from None


def _line(mistake: Mistake) -> int:
    line = mistake.where.rpartition(":")[2]
    return int(line) if line.isdigit() else 0
