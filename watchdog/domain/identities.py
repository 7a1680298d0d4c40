"""Identities: under which name a person acts, and by which way: `slack:U0AAA`, `oidc:ann`, `token:ann`.

Rule 1: the way is part of it, and stands first, so that no name can claim another way. What looks like another's
member id is, in the console, still only a name.
Rule 2: they are not worth the same. Slack, an OpenID provider and a proxy vouch for their names; a terminal's is the
operating system's user, who could write into our record anyway. With a role's token the
role is checked, and the name is the one its bearer typed (`token`); a name given by `--as` is checked by nothing
(`said`) and approves nothing.
"""

import re

SLACK, OIDC, PROXY, TOKEN, TERMINAL, SAID = "slack", "oidc", "proxy", "token", "terminal", "said"
CONSOLE = "console"
"""In the configuration: the names that the console knows people by, proven ones where it has any (see `meant`)."""
WAYS = (SLACK, CONSOLE, OIDC, PROXY, TOKEN, TERMINAL)
MEMBER = re.compile(r"[UW][A-Z0-9]{2,20}")
"""A Slack member id."""
_NAME = re.compile(r"[^\s:](?:[^:\x00-\x1f]{0,118}[^\s:])?")
"""As long as the console lets a person's name be who comes by a proxy or a provider; a typed one is cut sooner."""
_BRACKETS = str.maketrans(dict.fromkeys("(（﹙⁽₍❨❪⟮", "[") | dict.fromkeys(")）﹚⁾₎❩❫⟯", "]"))
"""Round ones, and those that look like them. In the record they are ours: what stands in them was checked."""


def identity(way: str, name: str) -> str:
    """Return the identity of who comes by that way under that name; nothing for who gave none."""
    return f"{way}:{name}" if name else ""


def recorded(way: str, name: str, known: str = "") -> str:
    """Return a person as the record names them: the identity, and in brackets what is known of them besides."""
    return f"{identity(way, plainly(name)) or way}{f' ({plainly(known)})' if known else ''}"


def plainly(name: str) -> str:
    """Return a name as it stands in the record, typed or proven: without what only we write there."""
    return name.translate(_BRACKETS)


def of_another_version(identity: str) -> bool:
    """Tell whether a console of the version before wrote an identity: it did not say how a name was proven."""
    return identity.partition(":")[0] == CONSOLE


def read(identity: str, *, names_are_proven: bool) -> str:
    """Return an identity of a stored row as it is written now.

    A console of the version before wrote `console:lead` of all names. Where none are proven the name was typed.
    """
    if names_are_proven or not of_another_version(identity):
        return identity
    return f"{TOKEN}{identity.removeprefix(CONSOLE)}"


def meant(text: str, *, names_are_proven: bool = False) -> tuple[str, ...]:
    """Return the identities that a word of the configuration stands for. Raises ValueError, saying what to write.

    A word alone is a member id, and counts in Slack, or else a name, and counts in the console and at a terminal.
    In the console a proven name counts where it has a proxy or a provider (`names_are_proven`): a name that the bearer
    of a token typed is then no proof, unless the configuration says `token:`.
    """
    way, colon, name = text.partition(":")
    if not colon:
        way, name = "", text
    right = MEMBER.fullmatch(name) if way == SLACK else _NAME.fullmatch(name)
    if right is None or (colon and way not in WAYS):
        raise ValueError(
            "not an identity: write U0AAA (a Slack member id), lead, oidc:lead, proxy:lead, token:lead or terminal:lead"
        )
    in_console = (OIDC, PROXY) if names_are_proven else (TOKEN,)
    if colon:
        ways = in_console if way == CONSOLE else (way,)
    else:
        ways = (SLACK,) if MEMBER.fullmatch(name) else (*in_console, TERMINAL)
    return tuple(identity(one, name) for one in ways)
