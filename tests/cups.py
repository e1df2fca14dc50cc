"""Short opinions of tea and coffee, written for tests of what learns from them."""

from iraqstance.training.corpus import Corpus

TEXTS = (
    "A lovely cup of tea",
    "What lovely fresh tea",
    "The tea was fresh and mild",
    "Lovely mild coffee",
    "Fresh coffee, mild and sweet",
    "The tea was stale",
    "Bitter and stale tea",
    "What awful tea",
    "Awful coffee, bitter and burnt",
    "The coffee was burnt",
)
STANCES = ("likes",) * 5 + ("dislikes",) * 5
TOPICS = (("tea",),) * 3 + (("coffee",),) * 2 + (("tea",),) * 3 + (("coffee",),) * 2
CORPUS = Corpus("cups", TEXTS, STANCES, TOPICS)
