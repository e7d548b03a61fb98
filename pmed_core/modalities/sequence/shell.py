"""What the commands of the shell do with sequences; see ``contracts.Shell``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmed_core.modalities.tabular.shell import cohorts, explain

if TYPE_CHECKING:
    pass

__all__ = ["cohorts", "explain"]
