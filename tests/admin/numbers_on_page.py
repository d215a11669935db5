"""The numbers that the dashboard shows, and where each leads."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

COUNT = re.compile(r"[0-9][0-9,]*")
MONEY = re.compile(r"[0-9][0-9,]*\.[0-9]{2}")
# A share beside the count that it is of, which is the link; and nothing, which has no rows.
NEEDS_NO_LINK = re.compile(r"\([0-9]+%\)|\b0\b")


@dataclass
class Numbers(HTMLParser):
    """`links` are (address, text); `loose` is text with a digit in a table or list of figures that leads nowhere."""

    links: list[tuple[str, str]] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    inside: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def of(cls, page: str) -> "Numbers":
        found = cls()
        found.feed(page[page.index('id="dashboard"') :])
        return found

    def counts(self) -> list[tuple[str, int]]:
        return [(link, int(text.replace(",", ""))) for link, text in self.links if COUNT.fullmatch(text)]

    def moneys(self) -> list[tuple[str, float]]:
        return [(link, float(text.replace(",", ""))) for link, text in self.links if MONEY.fullmatch(text)]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.inside.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = dict(self.inside)
        text = data.strip()
        if "a" in tags:
            self.links.append((tags["a"]["href"], text))
        elif {"td", "dd"} & tags.keys() and "ops-square" not in tags.get("figure", {}).get("class", ""):
            self.loose += [text] if re.search(r"\d", NEEDS_NO_LINK.sub("", text)) else []
