"""Link: source rows → residents: standardise · block · compare · weigh · cluster · assign; and rows with exact keys."""

from oneform.link.block import CAPS, CROSSED_SQL, DROPPED_SQL, PAIRS_SQL, RULES, RULES_SQL, block_keys, blocking
from oneform.link.cluster import CONTRADICTIONS, cluster
from oneform.link.explain import WATERFALL, sentence, step_words, waterfall
from oneform.link.grouping import households, keyed
from oneform.link.identities import ALIASES, HISTORY, LINKS, Assigned, assign, contested
from oneform.link.model import DEFAULT, Model, from_json, to_json
from oneform.link.standard import STANDARD, standardise
from oneform.link.train import BROKEN, TrainingReport, train
from oneform.link.weigh import weigh

__all__ = [
    "ALIASES",
    "BROKEN",
    "CAPS",
    "CONTRADICTIONS",
    "CROSSED_SQL",
    "DEFAULT",
    "DROPPED_SQL",
    "HISTORY",
    "LINKS",
    "PAIRS_SQL",
    "RULES",
    "RULES_SQL",
    "STANDARD",
    "WATERFALL",
    "Assigned",
    "Model",
    "TrainingReport",
    "assign",
    "block_keys",
    "blocking",
    "cluster",
    "contested",
    "from_json",
    "households",
    "keyed",
    "sentence",
    "standardise",
    "step_words",
    "to_json",
    "train",
    "waterfall",
    "weigh",
]
