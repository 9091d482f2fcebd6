"""mapping: mappings/*.yaml → frozen MAPPINGS, checked whole; and the gate every expression passes."""

from oneform.mapping import gate
from oneform.mapping.files import load, load_all
from oneform.mapping.model import Mapping

__all__ = ["Mapping", "gate", "load", "load_all"]
