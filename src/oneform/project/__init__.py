"""project: golden frames + MAPPING → REPORT, computed in a private instance that holds the declared columns only."""

from oneform.project.report import report, title

__all__ = ["report", "title"]
