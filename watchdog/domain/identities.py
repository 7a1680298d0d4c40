"""Identities: the name of a person and the way it was proven: `slack:U0AAA`, `oidc:ann`, `token:ann`.

Rule 1: the way is part of the identity, and comes first, so that no name can claim another way. A name in the console
that looks like a member id is still only a name.
Rule 2: ways differ in proof. Slack, an OpenID provider and a proxy vouch for their names. A terminal's name is the
operating system's user, who could write into our record anyway. With a role's token the
role is checked, and the name is the one its bearer typed (`token`). An assistant has no name, and approves nothing but
for a person. A name given by `--as` is not checked at all
(`said`) and approves nothing.
"""

import re

SLACK, OIDC, PROXY, TOKEN, TERMINAL, SAID = "slack", "oidc", "proxy", "token", "terminal", "said"
ASSISTANT = "assistant"
CONSOLE = "console"
"""In the configuration: the names by which the console knows people, proven ones where it has any (see `meant`)."""
# Without SAID and ASSISTANT: a name that is not checked at all, or none, can be no one's right to approve.
WAYS = (SLACK, CONSOLE, OIDC, PROXY, TOKEN, TERMINAL)
# Slack's ids begin with U, those of an Enterprise Grid with W.
MEMBER = re.compile(r"[UW][A-Z0-9]{2,20}")
"""A Slack member id."""
# No colon, as it ends the way, and no control character, as names stand in logs and chats.
_NAME = re.compile(r"[^\s:](?:[^:\x00-\x1f]{0,118}[^\s:])?")
"""The longest name is that of the console for a person from a proxy or a provider; a typed one is cut sooner."""
_BRACKETS = str.maketrans(dict.fromkeys("(（﹙⁽₍❨❪⟮", "[") | dict.fromkeys(")）﹚⁾₎❩❫⟯", "]"))
"""Round brackets and their look-alikes. In the record only we write them, around checked facts."""


def identity(way: str, name: str) -> str:
    """Return the identity of a person who comes by that way under that name; "" without a name."""
    return f"{way}:{name}" if name else ""


def recorded(way: str, name: str, known: str = "") -> str:
    """Return a person as the record names them: the identity, and other known facts in brackets."""
    return f"{identity(way, plainly(name)) or way}{f' ({plainly(known)})' if known else ''}"


def plainly(name: str) -> str:
    """Return a name as it stands in the record, typed or proven: without the brackets that only we write."""
    return name.translate(_BRACKETS)


def of_another_version(identity: str) -> bool:
    """Return whether a console of the previous version wrote an identity: it did not state how a name was proven."""
    return identity.partition(":")[0] == CONSOLE


def read(identity: str, *, names_are_proven: bool) -> str:
    """Return an identity of a stored row in its present spelling.

    A console of the previous version wrote `console:lead` for all names. Where no name is proven, it was typed.
    """
    if names_are_proven or not of_another_version(identity):
        return identity
    return f"{TOKEN}{identity.removeprefix(CONSOLE)}"


def meant(text: str, *, names_are_proven: bool = False) -> tuple[str, ...]:
    """Return the identities that a word of the configuration stands for. Raises ValueError, with the correct spelling.

    A word alone is a member id, and counts in Slack, or else a name, and counts in the console and at a terminal.
    In a console with a proxy or a provider a proven name counts (`names_are_proven`): a name that the bearer
    of a token typed is then no proof, unless the configuration says `token:`.
    """
    way, colon, name = text.partition(":")
    if not colon:
        way, name = "", text
    # A member id has a shape of its own, so a bare word is not ambiguous.
    right = MEMBER.fullmatch(name) if way == SLACK else _NAME.fullmatch(name)
    if right is None or (colon and way not in WAYS):
        raise ValueError(
            "not an identity: write U0AAA (a Slack member id), lead, oidc:lead, proxy:lead, token:lead or terminal:lead"
        )
    # Where people sign in, a name typed with a shared token would be an easy way around that.
    in_console = (OIDC, PROXY) if names_are_proven else (TOKEN,)
    if colon:
        ways = in_console if way == CONSOLE else (way,)
    else:
        ways = (SLACK,) if MEMBER.fullmatch(name) else (*in_console, TERMINAL)
    return tuple(identity(one, name) for one in ways)
