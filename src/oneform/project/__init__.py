"""project: golden frames + MAPPING → REPORT, computed in a private instance that holds the declared columns only."""

from oneform.project.report import reports, title

__all__ = ["reports", "title"]
