"""The two parts of a mail as people read them: the plain lines, and what the HTML part shows and holds."""

from dataclasses import dataclass, field
from email.message import EmailMessage
from html.parser import HTMLParser

FRAME = frozenset({"html", "head", "meta", "title", "style", "body"})
TAGS = FRAME | {"div", "h1", "p", "span", "a", "table", "tr", "th", "td", "details", "summary"}
ATTRIBUTES = frozenset({"lang", "charset", "name", "content", "class", "style", "scope", "href"})


@dataclass
class Shown(HTMLParser):
    """The HTML part: its tags, attributes, addresses and texts."""

    texts: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it; name what a mail of ours never holds."""
        self.tags.append(tag)
        self.foreign += [tag] * (tag not in TAGS) + [name for name, _ in attrs if name not in ATTRIBUTES]
        self.links += [(tag, value or "") for name, value in attrs if name == "href"]

    def handle_comment(self, data: str) -> None:
        self.foreign.append(f"comment {data}")

    def handle_data(self, data: str) -> None:
        """Keep what is shown: the style sheet is not."""
        if data.strip() and self.tags[-1:] != ["style"]:
            self.texts.append(data.strip("\r\n"))


def plain_lines(mail: EmailMessage) -> list[str]:
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content().rstrip("\r\n").splitlines()


def html_part(mail: EmailMessage) -> Shown:
    part = mail.get_body(("html",))
    assert part is not None
    shown = Shown()
    shown.feed(part.get_content())
    shown.close()
    return shown
