"""What `wfa audit` takes."""

from dataclasses import dataclass, field
from pathlib import Path

from wfa.captions.options import UniquenessOptions
from wfa.plugins.registry import Choice


@dataclass(frozen=True)
class AuditSettings:
    """What is audited.

    Attributes:
        data: The data set.
        against: A second one to compare with, or None.
        uniqueness: What uniqueness means.
        out: The folder of `audit.json` and `audit.html`; `runs/audit-<data>` unless given.
    """

    data: Choice = field(metadata={"plugin": "data", "choice": "scenes"})
    against: Choice | None = field(default=None, metadata={"plugin": "data"})
    uniqueness: UniquenessOptions = field(default_factory=UniquenessOptions)
    out: Path | None = None

    @property
    def folder(self) -> Path:
        """Where the audit goes."""
        return self.out or Path(f"runs/audit-{self.data.label}")
