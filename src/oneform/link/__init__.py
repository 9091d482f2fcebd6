"""Link: source rows → residents: standardise · block · compare · weigh · cluster · assign; and rows with exact keys."""

from oneform.link.block import CAPS, CROSSED_SQL, DROPPED_SQL, PAIRS_SQL, RULES, block_keys
from oneform.link.cluster import CONTRADICTIONS, cluster
from oneform.link.explain import sentence
from oneform.link.grouping import households, keyed
from oneform.link.identities import ALIASES, LINKS, Assigned, assign
from oneform.link.standard import STANDARD, standardise
from oneform.link.weigh import weigh

__all__ = [
    "ALIASES",
    "CAPS",
    "CONTRADICTIONS",
    "CROSSED_SQL",
    "DROPPED_SQL",
    "LINKS",
    "PAIRS_SQL",
    "RULES",
    "STANDARD",
    "Assigned",
    "assign",
    "block_keys",
    "cluster",
    "households",
    "keyed",
    "sentence",
    "standardise",
    "weigh",
]
