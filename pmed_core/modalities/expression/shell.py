"""What the commands of the shell do with expression; see ``contracts.Shell``."""

from __future__ import annotations

from pmed_core.modalities.tabular.shell import cohorts, explain

__all__ = ["cohorts", "explain"]
