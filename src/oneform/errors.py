"""The OneformError tree: what the caller must act on. Each error knows its exit code; nothing was written when it rises."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a file people write: `where` is file:line:column or sheet!cell; the text ends in a remedy."""

    code: str
    where: str
    zh: str
    en: str

    def __str__(self) -> str:
        """`file:line:column OFnnn sentence`, Chinese."""
        return f"{self.where} {self.code} {self.zh}" if self.where else f"{self.code} {self.zh}"


class OneformError(Exception):
    """Something the caller must act on. No resident's value is ever part of it: coordinates and codes only."""

    exit_code = 1

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults

    @property
    def code(self) -> str:
        """The code of the first fault."""
        return self.faults[0].code if self.faults else ""


class UsageError(OneformError):
    """A wrong command, path or option; found before any work."""

    exit_code = 2


class ConfigError(OneformError):
    """A schema, mapping or sources file is wrong (OF5xx): every fault of every file at once."""

    exit_code = 4


class TemplateError(OneformError):
    """A department's template is missing, changed or cannot take what the mapping says (OF6xx)."""

    exit_code = 4


class WorkbookError(OneformError):
    """An input file is refused (OF1xx)."""

    exit_code = 5


class HeaderError(WorkbookError):
    """A sound file whose header nobody can make out (OF2xx): the data need a person."""

    exit_code = 3


class StoreBusyError(OneformError):
    """Another process holds the database (OF702)."""

    exit_code = 6


class StoreError(OneformError):
    """Storage or memory (OF7xx except OF702)."""

    exit_code = 7


class PolicyError(OneformError):
    """Not permitted by policy (OF8xx)."""

    exit_code = 8
