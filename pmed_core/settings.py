"""How this installation is set up, read once from the environment."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from pmed_core.errors import UserError

RESEARCH_ONLY = "For research use only. Not a diagnostic device."
NOT_STATED = "not stated by the author"
VERSION = "0.1.0"
MODELS_KEPT = 4
"""Loaded in a process at a time, with what belongs to them."""

PROJECTS = "projects"
"""Where the homes of projects lie within that of a hosted installation."""

PACKAGES = Path(__file__).parents[1]
"""Where this package is found: a checkout, or the packages of an installation."""
_INSTALLED = Path(__file__).parent / "_app"
APP = _INSTALLED if _INSTALLED.is_dir() else PACKAGES
"""What the server runs: app.py, its pages, its configuration and the samples."""


class Settings(BaseSettings):
    """Each field is the environment variable ``PMED_<FIELD>``; the defaults suit a laptop.

    Attributes:
        home: the folder where cohorts, runs and models are kept.
        database: where the tables are: "postgresql://…", or an SQLAlchemy URL of SQLite; by default
            SQLite inside ``home``.
        artefacts: where the files of cohorts and models last: "s3://BUCKET/FOLDER" of an object
            store (docs/hosted.md); by default ``home``.
        copies_mb: how much of large files of an object store stays at hand in ``home``.
        database_wait_seconds: how long a database that does not answer is waited for.
        engine: "local" runs jobs in processes of their own, "ray" on the machines of a Ray cluster
            (docs/hosted.md), "inline" in this one.
        jobs_at_once: how many trainings run at the same time; 0: they are left to processes
            elsewhere ("pmed supervise").
        gpus: at most so many GPUs of this machine are given to trainings, one each; by default all
            that the driver lists.
        quota_hours: machine time that a user of a hosted installation may use in a day; 0: as much
            as there is.
        job_hours: machine time after which a job is ended, whatever it does; 0: never.
        max_file_mb: largest table that is read.
        read_seconds: longest time that reading one file may take.
        reading_children, model_children: how many processes read files, and answer questions to
            models, at the same time; 0: as many as suit this machine.
        reading_memory_mb, model_memory_mb: what each of them may take; 0: what suits this machine.
        scan_folders: a folder of the server; each folder in it can be brought in as scans.
        hosted: whether users sign in, have roles, and work in projects (docs/hosted.md).
        administrator: subject, or e-mail that the identity provider vouches for, of the first
            administrator; it counts only until there is one.
        idle_minutes, session_hours: how long a sign-in holds without anything being done, and at
            all.
        calls_a_minute: how often one key may ask the prediction service.
        address: where users open the app ("https://pmed.example.org"), for links to it.
        fhir_map: a JSON file that says where in FHIR each input of a model stands.
        key_file: the file with the key that everything kept is encrypted with; by default nothing
            is. It lies outside of ``home`` (docs/hosted.md).
        tracking_uri, tracking_experiment, tracking_username, tracking_password, tracking_token: the
            MLflow server that is told of trainings, by the variables that MLflow itself reads; by
            default none is.
    """

    model_config = SettingsConfigDict(env_prefix="PMED_", frozen=True)

    home: Path = Path.home() / ".pmed"
    database: str = Field(default="", repr=False)
    database_wait_seconds: float = Field(default=3, ge=0)
    artefacts: str = ""
    copies_mb: int = Field(default=20_000, ge=1)
    engine: Literal["local", "ray", "inline"] = "local"
    jobs_at_once: int = Field(default=1, ge=0)
    gpus: int | None = Field(default=None, ge=0)
    quota_hours: float = Field(default=0, ge=0)
    job_hours: float = Field(default=0, ge=0)
    max_file_mb: int = Field(default=1024, ge=1)
    read_seconds: int = Field(default=120, ge=1)
    reading_children: int = Field(default=0, ge=0)
    model_children: int = Field(default=0, ge=0)
    reading_memory_mb: int = Field(default=0, ge=0)
    model_memory_mb: int = Field(default=0, ge=0)
    scan_folders: Path | None = None
    hosted: bool = False
    administrator: str = ""
    idle_minutes: float = Field(default=15, gt=0, le=24 * 60)
    session_hours: float = Field(default=10, gt=0, le=24 * 7)
    key_file: Path | None = None
    calls_a_minute: int = Field(default=120, ge=1)
    address: str = ""
    fhir_map: Path | None = None
    tracking_uri: str = Field(default="", validation_alias="MLFLOW_TRACKING_URI", repr=False)
    tracking_experiment: str = Field(default="pmed", validation_alias="MLFLOW_EXPERIMENT_NAME")
    tracking_username: str = Field(default="", validation_alias="MLFLOW_TRACKING_USERNAME")
    tracking_password: SecretStr = Field(
        default=SecretStr(""), validation_alias="MLFLOW_TRACKING_PASSWORD"
    )
    tracking_token: SecretStr = Field(
        default=SecretStr(""), validation_alias="MLFLOW_TRACKING_TOKEN"
    )

    @property
    def database_url(self) -> str:
        """Where the tables of the store are; a password may stand in it."""
        return self.database or f"sqlite:///{self.home / 'pmed.sqlite'}"

    def of_project(self, identity: str) -> Settings:
        """Those of a project: a home of its own, so that nothing in it is another's."""
        return self.model_copy(update={"home": self.home / PROJECTS / identity})


@cache
def settings() -> Settings:
    """The settings of this process; raises ``pydantic.ValidationError`` on a bad value."""
    return Settings()


def server_folders() -> list[str]:
    """The names of the server's folders of scans that may be brought in."""
    within = settings().scan_folders
    if within is None or not within.is_dir():
        return []
    found = (path for path in within.iterdir() if path.is_dir() and not path.is_symlink())
    return sorted(path.name for path in found if not path.name.startswith("."))


def server_folder(name: str) -> Path:
    """Where one of them is; raises ``UserError`` for any other name."""
    within = settings().scan_folders
    if within is None or name not in server_folders():
        raise UserError(f"The server has no folder '{name}'", "", "Choose one from the list.")
    return within / name
