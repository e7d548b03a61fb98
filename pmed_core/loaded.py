"""The models that this process has loaded, each for as long as its package does not change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pmed_core.errors import UserError
from pmed_core.package_files import MANIFEST
from pmed_core.quiet import load_tensorflow
from pmed_core.sealing.files import read
from pmed_core.settings import MODELS_KEPT
from pmed_core.store.artefacts import Folder
from pmed_core.store.cohorts import Cohorts
from pmed_core.store.store import Store
from pmed_core.work import Load

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor


def any_model(identity: str, store: Store) -> Predictor:
    """A model of the store; raises ``UserError`` where it is gone or damaged."""
    package, entry = store.models.package(identity), store.models.entry(identity)
    try:
        return _predictor(_Package(package_digest(package), package))
    except UserError as error:
        # By its name: nobody needs to know where the server keeps it.
        raise UserError(error.what, entry.name, error.remedy) from error


@dataclass(frozen=True)
class _Package:
    """What it holds, wherever it lies."""

    digest: str
    folder: Path = field(compare=False)


def package_digest(package: Path) -> str:
    """Of the sums of all its files."""
    manifest = package / MANIFEST
    return hashlib.sha256(read(manifest) if manifest.exists() else b"").hexdigest()


@lru_cache(maxsize=MODELS_KEPT)
def _predictor(package: _Package) -> Predictor:
    """Loaded once for as long as the package does not change."""
    load_tensorflow()
    from pmed_core.predictor import Predictor

    return Predictor.load(package.folder)


def in_room(token: str, store: Store) -> Cohorts:
    """The cohorts of a room that only passes; those of the store where there is no such room."""
    room = store.passing.find(token)
    return replace(store.cohorts, home=room, artefacts=Folder(room)) if room else store.cohorts


def keep_package(work: Load, store: Store) -> str:
    """Check an imported package by loading it, then keep and list it."""
    load_tensorflow()
    from pmed_core.predictor import Predictor

    room = store.passing.find(work.model)
    if room is None:
        raise UserError("The uploaded file is no longer there", "", "Upload it again.")
    package = room / "package"
    predictor = Predictor.load(package)
    # Named after what it holds, not after how the ZIP was made.
    identity = package_digest(package)[:32]
    store.models.adopt(identity, package, predictor.name)
    return identity
