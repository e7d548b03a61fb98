"""Models on disk: home/models/<id>/package, and what concerns patients beside it."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, insert, select, update

from pmed_core.arrays import from_json, from_plain, to_json, without_nan
from pmed_core.bounds import Moment, Name, Share, Words
from pmed_core.card import Face, read_card
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation
from pmed_core.explanation import Explanation
from pmed_core.files import written_whole
from pmed_core.learning_curve import LearningCurve
from pmed_core.limits import Limits
from pmed_core.outcomes import Outcome
from pmed_core.package_files import EVALUATION, MANIFEST, found
from pmed_core.predictions import Predictions
from pmed_core.sealing import files
from pmed_core.store.artefacts import Artefacts
from pmed_core.store.damaged import Damaged, as_written, reading, sorted_out
from pmed_core.store.database import MODELS, delete_with_folder, writing
from pmed_core.store.lock import changing
from pmed_core.variable import Variable

ANNOTATIONS, GROWTH, UNTOLD = "annotations.json", "learning_curve.json", "untold.json"


@dataclass(frozen=True)
class Listed:
    """A row of the list of models."""

    id: str
    name: Name
    cohort: Words
    created: Moment


@dataclass(frozen=True)
class Annotations:
    """What users say of a model that is kept here; its package, which is sealed, knows nothing of
    it.

    Attributes:
        threshold: the risk from which on alerts are raised; None: that of the package.
        notes: in their own words.
        limits: what may change of its patients, and how far; None: the inputs that were marked.
    """

    threshold: Share | None = None
    notes: Words = ""
    limits: Limits | None = None


@dataclass(frozen=True)
class ModelEntry:
    """A model as the screens see it, without its weights.

    Attributes:
        cohort: id of the cohort it was trained on; empty for an imported model.
        threshold: of the package.
        card: what it was trained on, plain values.
    """

    id: str
    name: str
    cohort: str
    created: float
    variables: tuple[Variable, ...]
    outcome: Outcome
    threshold: float
    evaluation: Evaluation
    card: dict[str, Any]
    annotations: Annotations = Annotations()

    @property
    def patient(self) -> str | None:
        """The column with patient ids that it was trained with."""
        return self.card.get("patient")


@dataclass(frozen=True)
class Models:
    """Add, get, list, remove."""

    engine: Engine
    home: Path
    artefacts: Artefacts

    def package(self, identity: str) -> Path:
        """The folder of the model package; raises ``UserError`` where there is none."""
        folder = self._folder(identity, whole=True) / "package"
        if not folder.is_dir():
            raise UserError("There is no such model", "", "Choose one from the list.")
        return folder

    def add(self, identity: str, name: str, cohort: str) -> None:
        """List a model whose package was written to ``new_package``."""
        with changing(self.home, self.engine):
            self._list(Listed(identity, name, cohort, time.time()))

    def adopt(self, identity: str, package: Path, name: str) -> None:
        """Keep and list a package that was on trial; one that is here already stays."""
        with changing(self.home, self.engine):
            if self.exists(identity):
                return
            target = self.new_package(identity)
            shutil.rmtree(target.parent, ignore_errors=True)
            target.parent.mkdir(parents=True)
            package.rename(target)
            self._list(Listed(identity, name, "", time.time()))

    def _list(self, listed: Listed) -> None:
        self._remember(listed)
        self.artefacts.keep("models", listed.id)
        with writing(self.engine) as connection:
            connection.execute(delete(MODELS).where(MODELS.c.id == listed.id))
            connection.execute(insert(MODELS).values(**asdict(listed)))

    def _remember(self, listed: Listed) -> None:
        """Beside the package, so that the list can be made again from the folders."""
        self._keep(listed.id, "listed.json", to_json(Listed, listed))

    def remembered(self, identity: str) -> dict[str, Any] | None:
        """Name, cohort and time of a model as it was listed; None for one of an earlier version."""
        text = self._kept(identity, "listed.json")
        with suppress(ValueError):
            found = asdict(from_json(Listed, text))
            return {name: found[name] for name in ("name", "cohort", "created")}
        return None

    def described(self, identity: str) -> tuple[Face, dict[str, Any]]:
        """What the package says of itself, and its card; raises ``UserError``."""
        package = self.package(identity)
        face, _, card = _described(package, (package / "manifest.json").stat().st_mtime_ns)
        return face, card

    def new_package(self, identity: str) -> Path:
        """Where the package of a new model is to be written."""
        return self._folder(identity) / "package"

    def list(self) -> tuple[ModelEntry, ...]:
        """Newest first, without those that are damaged."""
        return self._sorted_out()[0]

    def damaged(self) -> tuple[Damaged, ...]:
        """Those that are listed and cannot be read."""
        return self._sorted_out()[1]

    def _sorted_out(self) -> tuple[tuple[ModelEntry, ...], tuple[Damaged, ...]]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(MODELS).order_by(MODELS.c.created.desc())).all()
        here = {*self.artefacts.ids("models")}
        kept = (row for row in rows if row.id in here)
        return sorted_out(kept, self._entry, lambda row: (row.id, str(row.name or "")))

    def lost(self) -> tuple[str, ...]:
        """Ids of the list that have no folder."""
        with self.engine.connect() as connection:
            known = [row.id for row in connection.execute(select(MODELS.c.id))]
        here = {*self.artefacts.ids("models")}
        return tuple(one for one in known if one not in here)

    def exists(self, identity: str) -> bool:
        """Whether it is listed and its package is there."""
        with self.engine.connect() as connection:
            query = select(MODELS.c.id).where(MODELS.c.id == identity)
            listed = connection.execute(query).first() is not None
        return listed and self.packed(identity)

    def packed(self, identity: str) -> bool:
        """Whether its package is there, listed or not."""
        return (self._folder(identity) / "package" / "manifest.json").exists()

    def stamp(self, identity: str) -> tuple[int, ...]:
        """Changes whenever what is kept of the model does."""
        names = ("package/manifest.json", "out_of_fold.json", "importance.json")
        paths = (self._folder(identity) / name for name in names)
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)

    def trained_on(self) -> Counter[str]:
        """How many models were trained on each cohort."""
        with self.engine.connect() as connection:
            return Counter(row.cohort for row in connection.execute(select(MODELS.c.cohort)))

    def trained_from(self, cohorts: Iterable[str]) -> tuple[str, ...]:
        """Ids of the models that were trained on one of these cohorts, damaged or not."""
        with self.engine.connect() as connection:
            query = select(MODELS.c.id).where(MODELS.c.cohort.in_([*cohorts]))
            return tuple(connection.execute(query).scalars())

    def entry(self, identity: str) -> ModelEntry:
        """Raises ``UserError`` where there is none, ``DamagedEntry`` where it cannot be read."""
        with self.engine.connect() as connection:
            row = connection.execute(select(MODELS).where(MODELS.c.id == identity)).first()
        if row is None:
            raise UserError("There is no such model", "", "Choose one from the list.")
        return self._entry(row)

    def _entry(self, row: Any) -> ModelEntry:
        package = self._folder(row.id) / "package"
        with reading("model", "its package"):
            changed = (package / "manifest.json").stat().st_mtime_ns
        face, evaluation, card = _described(package, changed)
        with reading("model", "its row in the list"):
            listed: Listed = from_plain(Listed, row._asdict())
        with reading("model", ANNOTATIONS):
            text = self._kept(row.id, ANNOTATIONS)
            said = from_json(Annotations, text) if text else Annotations()
        return ModelEntry(
            listed.id, listed.name, listed.cohort, listed.created, face.variables, face.outcome,
            face.threshold, evaluation, card, said,
        )  # fmt: skip

    def rename(self, identity: str, name: str) -> None:
        """Give a model another name."""
        with changing(self.home, self.engine):
            entry = self.entry(identity)
            self._remember(Listed(identity, name, entry.cohort, entry.created))
            self.artefacts.keep("models", identity)
            with writing(self.engine) as connection:
                connection.execute(update(MODELS).where(MODELS.c.id == identity).values(name=name))

    def annotate(self, identity: str, **said: Any) -> None:
        """Change some of a model's ``Annotations``; raises ``UserError`` where it was removed."""
        with changing(self.home, self.engine):
            changed = replace(self.entry(identity).annotations, **said)
            self._keep(identity, ANNOTATIONS, to_json(Annotations, changed))
            self.artefacts.keep("models", identity)

    def remove(self, identity: str) -> None:
        """Forget a model, which need not be readable."""
        with changing(self.home, self.engine):
            self._folder(identity)
            forget = partial(self.artefacts.forget, "models", identity)
            delete_with_folder(self.engine, MODELS, identity, forget)

    def keep_out_of_fold(self, identity: str, predictions: Predictions) -> None:
        """Keep the training patients' out-of-fold predictions beside the package."""
        self._keep(identity, "out_of_fold.json", to_json(Predictions, predictions))

    def out_of_fold(self, identity: str) -> Predictions | None:
        """None for an imported model."""
        text = self._kept(identity, "out_of_fold.json")
        return from_json(Predictions, text) if text else None

    def keep_parts(self, identity: str, parts: str) -> None:
        """Keep which scans were in training, as JSON, beside the package."""
        self._keep(identity, "parts.json", parts)

    def keep_untold(self, identity: str, run: str) -> None:
        """Keep what a tracking server is still to be told of it; empty: nothing any more."""
        self._add(identity, UNTOLD, run)

    def untold(self) -> Iterator[tuple[str, str]]:
        """Ids, and what was kept of each, newest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(MODELS.c.id).order_by(MODELS.c.created.desc())).all()
        for row in rows:
            if run := self._kept(row.id, UNTOLD):
                yield row.id, run

    def parts(self, identity: str) -> str:
        """Empty for an imported model, and for one of an earlier version."""
        return self._kept(identity, "parts.json")

    def keep_importance(self, identity: str, explanation: Explanation) -> None:
        """Keep the explanation of many training patients."""
        self._add(identity, "importance.json", to_json(Explanation, explanation))

    def importance(self, identity: str) -> Explanation | None:
        """None until it was asked for."""
        path = self._folder(identity) / "importance.json"
        return _explained(path, path.stat().st_mtime_ns) if path.exists() else None

    def keep_growth(self, identity: str, found: LearningCurve) -> None:
        """Keep how much more patients would help."""
        self._add(identity, GROWTH, to_json(LearningCurve, found))

    def growth(self, identity: str) -> LearningCurve | None:
        """None until it was asked for."""
        text = self._kept(identity, GROWTH)
        return from_json(LearningCurve, text) if text else None

    def keep_beside(self, identity: str, name: str, text: str) -> None:
        """Keep what a modality found over the cohort of its model, as JSON, under a name."""
        self._add(identity, f"{name}.json", text)

    def beside(self, identity: str, name: str) -> str:
        """Empty until it was asked for."""
        return self._kept(identity, f"{name}.json")

    def keep_evaluation(self, identity: str, evaluation: Evaluation) -> None:
        """Keep an evaluation on held-out patients, in a file of its own."""
        name = f"evaluations/{time.time_ns():020d}-{uuid.uuid4().hex}.json"
        self._add(identity, name, to_json(Evaluation, evaluation))

    def evaluations(self, identity: str) -> tuple[Evaluation, ...]:
        """Evaluations on held-out files, oldest first, without those that cannot be read."""
        return self._evaluations(identity)[0]

    def damaged_evaluations(self, identity: str) -> tuple[Damaged, ...]:
        """Evaluations that cannot be read."""
        return self._evaluations(identity)[1]

    def _evaluations(self, identity: str) -> tuple[tuple[Evaluation, ...], tuple[Damaged, ...]]:
        def read(path: Path) -> tuple[Evaluation, ...]:
            with reading("evaluation", path.name):
                text = files.read(path)
                if path.parent == folder:  # all in one, as earlier versions kept them
                    return from_json(tuple[Evaluation, ...], text)  # type: ignore[no-any-return]
                return (from_json(Evaluation, text),)

        folder = self._folder(identity)
        paths = [*folder.glob("evaluations.json"), *sorted(folder.glob("evaluations/[!.]*.json"))]
        found, damaged = sorted_out(paths, read, lambda path: (path.name, ""))
        return tuple(one for several in found for one in several), damaged

    def _add(self, identity: str, name: str, text: str) -> None:
        """Keep what was found of a model; raises ``UserError`` where it was removed meanwhile, for
        nothing of its patients is to be left."""
        with changing(self.home, self.engine):
            if not self.packed(identity):
                raise UserError("There is no such model", "", "Choose one from the list.")
            self._keep(identity, name, text)
            self.artefacts.keep("models", identity)

    def _keep(self, identity: str, name: str, text: str) -> None:
        with written_whole(self._folder(identity) / name) as beside:
            files.write_text(beside, text)

    def _kept(self, identity: str, name: str) -> str:
        path = self._folder(identity) / name
        return files.read(path).decode() if path.exists() else ""

    def _folder(self, identity: str, *, whole: bool = False) -> Path:
        if not identity.isalnum():
            raise UserError("There is no such model", "", "Choose one from the list.")
        return self.artefacts.at_hand("models", identity, whole=whole)


@lru_cache(maxsize=4)
def _explained(path: Path, changed: int) -> Explanation:
    """A thousand patients take a moment to read, and every look at the page asks for them."""
    return from_json(Explanation, files.read(path))  # type: ignore[no-any-return]


@lru_cache(maxsize=512)
def _described(package: Path, changed: int) -> tuple[Face, Evaluation, dict[str, Any]]:
    """What a package says of itself; it never changes, so lists need not read it again."""
    with reading("model", MANIFEST):
        sums = dict(json.loads(files.read(package / MANIFEST))["sha256"])
    with reading("model", "spec.json"):
        face: Face = from_plain(Face, without_nan(as_written(package / "spec.json", sums)))
    with reading("model", EVALUATION):
        there = package / found(sums).get(EVALUATION, EVALUATION)
        evaluation = from_json(Evaluation, as_written(there, sums))
    with reading("model", "card.json"):
        return face, evaluation, read_card(as_written(package / "card.json", sums))
