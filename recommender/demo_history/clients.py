"""The clients: their names and kitchens, how often they order, and whether they stay."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recommender.demo_history.catalogue import CATEGORIES, THEMES
from recommender.loading.rows import ClientRow, SalesRepRow

REGIONS = ("Aldermouth", "Brackenford", "Castle Hill", "Dunmere", "Eastquay", "Fennbridge", "Greyharbour", "Holmvale")
SALES_REPS: list[SalesRepRow] = [
    {"external_id": f"R{number:02}", "name": name}
    for number, name in enumerate(
        (
            "Ada Quist",
            "Ben Okafor",
            "Clara Whitlock",
            "Dmitri Voss",
            "Elena Marchetti",
            "Farid Nasser",
            "Grace Tanaka",
            "Henrik Lund",
        ),
        start=1,
    )
]
WORDS = (
    "Bellini", "Okoro", "Lindqvist", "Harrow", "Mirabel", "Sato", "Whitby", "Castellano", "Juniper", "Pemberton",
    "Rosa", "Kestrel", "Amara", "Tolland", "Vesper", "Nakamura", "Olive", "Fairweather", "Giordano", "Thistle",
    "Marlowe", "Patel", "Saffron", "Redfern", "Luna", "Hawthorn", "Delacroix", "Ember", "Ashdown", "Bramble",
    "Moretti", "Calloway", "Sorrel", "Winterbourne", "Kowalski", "Larkin", "Magnolia", "Novak", "Quince", "Sable",
)  # fmt: skip
CHAIN_SHARE, BRANCHES = 0.2, 6
NEW_SHARE, LOST_SHARE = 0.15, 0.12


@dataclass(frozen=True)
class Segment:
    """`themes` it may follow, and the categories it buys more of (or less) than others do."""

    name: str
    share: float
    patterns: tuple[str, ...]
    themes: tuple[str, ...]
    size: float
    leanings: dict[str, float]


SEGMENTS = (
    Segment("restaurant", 0.34, ("Trattoria {}", "Restaurant {}", "{}'s Kitchen", "{} & Sons", "Bistro {}"),
            ("italian", "asian", "grill", "seafood", "vegan"), 1.0, {"Snacks & sweets": 0.2, "Wine & spirits": 1.5}),
    Segment("cafe", 0.24, ("Café {}", "{} Coffee House", "The {} Tearoom", "{} Bakehouse"),
            ("brunch", "bakery", "vegan"), 0.6, {"Coffee & tea": 4, "Meat & poultry": 0.2, "Beer & cider": 0.1}),
    Segment("hotel", 0.1, ("Hotel {}", "The {} Inn", "{} Spa Hotel"),
            ("brunch", "seafood", "grill", "bar"), 2.5, {"Cleaning & paper": 3, "Wine & spirits": 2}),
    Segment("pub", 0.14, ("The {} Arms", "The {} & Anchor", "{}'s Bar", "The Old {}"),
            ("bar", "grill"), 0.9, {"Beer & cider": 5, "Wine & spirits": 3, "Coffee & tea": 0.3}),
    Segment("corner shop", 0.12, ("{} Corner Shop", "{} Stores", "{}'s Deli"),
            ("bakery", "italian", "vegan"), 0.5, {"Snacks & sweets": 5, "Soft drinks & juice": 4}),
    Segment("canteen", 0.06, ("{} School Canteen", "{} Works Canteen", "{} Care Home"),
            ("italian", "vegan"), 3.0, {"Beer & cider": 0.02, "Wine & spirits": 0.02, "Cleaning & paper": 2}),
)  # fmt: skip
# Days between orders, and how many clients order so.
CYCLES, CYCLE_SHARES = (3.5, 7.0, 14.0, 28.0), (0.06, 0.38, 0.38, 0.18)


@dataclass(frozen=True)
class Clientele:
    """C clients that order, in `rows`, and the heads of the chains that some of them belong to.

    segment            (C,) int       position in SEGMENTS
    chain              (C,) int       number of the chain, -1 for none; its branches share a taste
    leaning            (C, K) float   how much more a category is bought than others do
    themes             (C, T) float   shares of THEMES, summing to 1
    size               (C,) float     money a line as a multiple of the average
    cycle_days         (C,) float     days between orders
    first_day, gone    (C,) float     day of the first order; the day after which there are none
    discount           (C,) float     off the list price
    yearly_growth      (C,) float
    sales_rep          (C,) int       position in SALES_REPS
    """

    rows: list[ClientRow]
    chains: list[ClientRow]
    segment: np.ndarray
    chain: np.ndarray
    leaning: np.ndarray
    themes: np.ndarray
    size: np.ndarray
    cycle_days: np.ndarray
    first_day: np.ndarray
    gone: np.ndarray
    discount: np.ndarray
    yearly_growth: np.ndarray
    sales_rep: np.ndarray

    def __len__(self) -> int:
        return len(self.segment)


def invent_clients(count: int, random: np.random.Generator, days: int) -> Clientele:
    """Invent clients over a history of that many days; about a fifth are branches of chains."""
    chain_count = max(1, round(count * CHAIN_SHARE / BRANCHES))
    chain = np.where(random.random(count) < CHAIN_SHARE, random.integers(0, chain_count, count), -1)
    # The first rows of each drawing are the chains': branches take theirs from them.
    source = np.where(chain >= 0, chain, chain_count + np.arange(count))
    drawn = chain_count + count
    segment = random.choice(len(SEGMENTS), drawn, p=[each.share for each in SEGMENTS])
    discount = np.round(random.beta(1.2, 14, drawn) + 0.04 * (np.arange(drawn) < chain_count), 3)
    themes = _themes(segment, random)
    segment, discount, themes = segment[source], discount[source], themes[source]
    region = random.integers(0, len(REGIONS), count)
    is_new, is_lost = random.random(count) < NEW_SHARE, random.random(count) < LOST_SHARE
    joined = np.where(is_new, random.uniform(0.1, 0.9, count), 0) * days
    left = joined + (days - joined) * random.uniform(0.35, 0.95, count)
    cycle_days = random.choice(CYCLES, count, p=CYCLE_SHARES)
    rows, chains = _rows(segment, chain, region, random)
    return Clientele(
        rows=rows,
        chains=chains,
        segment=segment,
        chain=chain,
        leaning=np.array([[each.leanings.get(name, 1.0) for name in CATEGORIES] for each in SEGMENTS])[segment],
        themes=themes,
        size=np.array([each.size for each in SEGMENTS])[segment] * random.lognormal(0, 0.5, count),
        cycle_days=cycle_days,
        first_day=np.floor(joined + random.uniform(0, cycle_days)),
        gone=np.where(is_lost, left, np.inf),
        discount=discount,
        yearly_growth=random.lognormal(0.02, 0.2, count),
        sales_rep=region % len(SALES_REPS),
    )


def _themes(segment: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(n, T): one or two of the segment's themes have most of the share."""
    allowed = np.array([[theme in each.themes for theme in THEMES] for each in SEGMENTS])[segment]
    shares = (random.gamma(0.4, size=allowed.shape) + 1e-6) * allowed
    return shares / shares.sum(axis=1, keepdims=True)


def _rows(
    segment: np.ndarray, chain: np.ndarray, region: np.ndarray, random: np.random.Generator
) -> tuple[list[ClientRow], list[ClientRow]]:
    """The clients, and the chains' heads. A branch has the name of its chain, others one of their own."""
    chain_words = [WORDS[position] for position in random.permutation(len(WORDS))]
    names = [_names(each, random) for each in SEGMENTS]
    branches: Counter[str] = Counter()
    clients = []
    for number, (kind, owner, place) in enumerate(zip(segment.tolist(), chain.tolist(), region.tolist(), strict=True)):
        row = ClientRow(external_id=f"C{number + 1:04}", segment=SEGMENTS[kind].name, region=REGIONS[place])
        if owner >= 0:
            row["chain"] = f"H{owner + 1:03}"
            branch = f"{SEGMENTS[kind].patterns[0].format(chain_words[owner % len(WORDS)])}, {REGIONS[place]}"
            branches[branch] += 1
            row["name"] = branch if branches[branch] == 1 else f"{branch} {branches[branch]}"
        else:
            row["name"] = next(names[kind])
        clients.append(row)
    heads = [
        ClientRow(external_id=f"H{owner + 1:03}", name=f"{chain_words[owner % len(WORDS)]} Group")
        for owner in np.unique(chain[chain >= 0]).tolist()
    ]
    return clients, heads


def _names(segment: Segment, random: np.random.Generator) -> Iterator[str]:
    """Names in no order; when they are used up, again with a second word."""
    names = [pattern.format(word) for word in WORDS for pattern in segment.patterns]
    yield from (names[position] for position in random.permutation(len(names)))
    doubled = [pattern.format(f"{one} & {other}") for one in WORDS for other in WORDS for pattern in segment.patterns]
    yield from itertools.cycle(doubled)
