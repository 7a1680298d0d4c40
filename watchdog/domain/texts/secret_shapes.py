"""What looks like a secret: by the name of what holds it, by its own form, or by both in one text.

The one rule for headers and keys of a configuration, for what is imported from another tool, and for log lines.
Each of them says for itself what to write instead. Every expression is linear in the text.
"""

import re

SECRET = re.compile(
    r"hooks\.slack\.com/|\bxox[abceoprs]-|\bxapp-|\brnd_\w|\bsntry[usa]_|://[^/\s@:]*:[^/\s@]+@|hc-ping\.com/\w|\bsk-\w{8}"
    r"|ingest\.\w*\.?sentry\.io|\bBearer\s(?!\{token\}|\$\{WATCHDOG_PROBE_)|\bgh[pousr]_\w"
)
"""The form of the vendors' credentials. No two neighbouring parts can match the same characters."""
TOKEN = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*\d[A-Za-z]*\d)[A-Za-z0-9]{16,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-")
"""The form of a key without a vendor's mark: 16 letters and digits in one run, two digits among them; or a UUID."""
_NAME = re.compile(
    r"auth(?!or(?:s|ed|ship|ity|ities)?\b)|token|key(?!words?\b|board)|secret|cookie|credential|sess(?:ion|id)|signature"
    r"|jwt|bearer|hmac|csrf|xsrf|pwd|pass ?(?:wo?r?d|phrase|code)|\b(?:pw|pin|t?otp|sig|sid|psk|creds?|dsn)\b"
    # Of the words that end so, those that are no password.
    r"|(?<!\bby)(?<!\bcom)(?<!\bsur)(?<!\btres)(?<!\bunder)(?<!\bover)pass\b"
)
"""Words, or parts of a word, in the name of a secret; in small letters, words apart."""
_PAIR = re.compile(r"([A-Za-z][\w.\-]{0,99})[\"']?\s{0,9}[=:]\s{0,9}(?=[\"']?[^\s\"'&;,<>{}\[\]])")
"""A name with a value behind it: of a query, a form, a cookie, JSON or YAML."""


def names_secret(name: str) -> bool:
    """Return whether what has this name (a header, a field, a parameter, a path of JSON) holds a secret."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return _NAME.search(re.sub(r"[\W_]+", " ", apart).lower()) is not None


def is_secret(text: str) -> bool:
    """Return whether a text has the form of a credential."""
    return SECRET.search(text) is not None or TOKEN.search(text) is not None


def holds_secret(text: str) -> bool:
    """Return whether a text has the form of a credential, or gives a value to a name of one (`pass=…`)."""
    return is_secret(text) or any(names_secret(found[1]) for found in _PAIR.finditer(text))
