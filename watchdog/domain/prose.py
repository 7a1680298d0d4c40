"""The type of texts that are for people.

Rule: no decision of core, daemon, stores or pages depends on a text. What a later decision needs stands beside it as an
enum or a name; a text may be empty or not, and may be shown. Tests play the stories with every such text replaced by
noise, and read the syntax tree of what decides for comparisons of such a text.
"""

from typing import Annotated

Prose = Annotated[str, "for people"]
"""A text that may be reworded without a change of behaviour."""
