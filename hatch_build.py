"""What an installation needs, read from the files that ``pip install -r`` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Requirements(MetadataHookInterface):  # type: ignore[misc]  # hatchling tells no types
    """Each requirement stands in one file only."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add them to the metadata of the package."""
        metadata["dependencies"] = self._listed("requirements.txt")
        metadata["optional-dependencies"] = {
            extra: self._listed(f"requirements-{extra}.txt")
            for extra in ("hosted", "export", "ray")
        }

    def _listed(self, name: str) -> list[str]:
        lines = Path(self.root, name).read_text(encoding="utf-8").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
