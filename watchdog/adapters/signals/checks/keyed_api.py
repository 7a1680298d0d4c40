"""The kinds that ask an API with a key of the user's: its place, and that it is not sent in clear."""

from pydantic import model_validator

from watchdog.adapters.options import Context, travels_in_clear
from watchdog.adapters.signals.options import ApiUrl, SignalOptions
from watchdog.adapters.signals.probe_options.named_secrets import names_in
from watchdog.adapters.signals.probe_options.request import SecretPlace
from watchdog.domain.errors import Permanent


class KeyedOptions(SignalOptions):
    """Options of such a kind; each gives `api` its own default."""

    api_key: SecretPlace
    api: ApiUrl

    @model_validator(mode="after")
    def _hides_the_key(self) -> "KeyedOptions":
        if travels_in_clear(self.api):
            raise ValueError("the key would travel in clear: write https://")
        return self


def secrets(options: KeyedOptions) -> tuple[str, ...]:
    """Return the variable of the key."""
    return names_in((options.api_key,))


def key_of(options: KeyedOptions, context: Context, whose: str) -> tuple[str, str]:
    """Return the variable of the key, and the key. Raises Permanent where it is not set."""
    (variable,) = secrets(options)
    if not (key := context.secrets.get(variable, "")):
        raise Permanent(f"no key for {whose}: set {variable}")
    return variable, key
