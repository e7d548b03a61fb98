"""How this installation is set up, read once from the environment."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RESEARCH_ONLY = "For research use only. Not a diagnostic device."


class Settings(BaseModel):
    """Each field is the environment variable ``PMED_<FIELD>``; the defaults suit a laptop.

    Attributes:
        home: the folder where cohorts, runs and models are kept.
        database: SQLAlchemy URL; by default SQLite inside ``home``.
        engine: "local" runs jobs in processes of their own, "inline" in this one.
        jobs_at_once: how many trainings run at the same time.
        max_file_mb: largest table that is read.
        read_seconds: longest time that reading one file may take.
    """

    model_config = ConfigDict(frozen=True)

    home: Path = Path.home() / ".pmed"
    database: str = ""
    engine: Literal["local", "inline"] = "local"
    jobs_at_once: int = Field(default=1, ge=1)
    max_file_mb: int = Field(default=1024, ge=1)
    read_seconds: int = Field(default=120, ge=1)

    @property
    def database_url(self) -> str:
        """Where the tables of the store are."""
        return self.database or f"sqlite:///{self.home / 'pmed.sqlite'}"


@cache
def settings() -> Settings:
    """The settings of this process; raises ``pydantic.ValidationError`` on a bad value."""
    given = {
        name: os.environ[f"PMED_{name.upper()}"]
        for name in Settings.model_fields
        if f"PMED_{name.upper()}" in os.environ
    }
    return Settings.model_validate(given)
