"""What a user may do with models."""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.bounds import NAME_LENGTH
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation
from pmed_core.explanation import Explanation
from pmed_core.figures.standing import NO_RISK, shown_labels
from pmed_core.figures.wording import percent
from pmed_core.files import written_whole
from pmed_core.learning_curve import LearningCurve
from pmed_core.limits import INPUTS_AT_MOST, Limit, Limits
from pmed_core.modalities import modality_of
from pmed_core.outcomes.effect import effect_of
from pmed_core.package_files import EVALUATION, FILES, MANIFEST, found
from pmed_core.reports.card import CardSource, card_as_markdown
from pmed_core.sealing.files import read, write
from pmed_core.service import cohorts
from pmed_core.service.access import may
from pmed_core.service.entries import ModelEntry
from pmed_core.service.hub import hub
from pmed_core.service.uploads import stream
from pmed_core.settings import settings
from pmed_core.store import models as stored
from pmed_core.variable import Role, Variable
from pmed_core.work import Evaluate, Growth, Importance, Load, Predict, Predicted, Read

if TYPE_CHECKING:
    from pmed_core.reports.performance import Picture
    from pmed_core.subgroups import Subgroups

SECONDS = 300
NOT_TAKEN = frozenset({"held_out.json"})
"""What the shell keeps beside a package of its own table; it concerns patients."""
NOTES_LENGTH = 2000
PACKAGE_MB = 500
LARGEST_MB = {"card.json": 4, "spec.json": 64, EVALUATION: 64}
"""What the page of models reads of each; a text takes many times its size in memory."""


@may(Right.LOOK)
def models() -> tuple[ModelEntry, ...]:
    """Newest first."""
    return tuple(_entry(entry) for entry in hub().store.models.list())


@may(Right.LOOK)
def opened_on(page: str) -> tuple[ModelEntry, ...]:
    """Those that are used on a page, newest first."""
    return tuple(entry for entry in models() if entry.modality.page == page)


@may(Right.LOOK)
def compared_beside(entry: ModelEntry) -> tuple[ModelEntry, ...]:
    """Other models of the same treatment and patients with another outcome, which read no more
    than this one; none of a model that came without its patients, as nobody knows whether they
    are the same."""
    if not entry.cohort:
        return ()
    here, mine = hub().store.cohorts.address_of(entry.cohort), effect_of(entry.outcome)
    read = {v.name for v in entry.variables}

    def alike(other: ModelEntry) -> bool:
        its = effect_of(other.outcome)
        same = (its.arms.column, its.options) == (mine.arms.column, mine.options)
        return same and its.of != mine.of and {v.name for v in other.variables} <= read

    others = [one for one in opened_on(entry.modality.page) if one.id != entry.id and one.cohort]
    found = [one for one in others if alike(one)]
    return tuple(one for one in found if hub().store.cohorts.address_of(one.cohort) == here)


@may(Right.LOOK)
def model(identity: str) -> ModelEntry:
    """One model; raises ``UserError`` where there is none."""
    return _entry(hub().store.models.entry(identity))


def _entry(entry: stored.ModelEntry) -> ModelEntry:
    card, said = entry.card, entry.annotations
    threshold = entry.threshold if said.threshold is None else said.threshold
    evaluation = entry.evaluation
    # One kept by an earlier version may not know how its numbers are told, and what a row is.
    if evaluation.outcome == entry.outcome:
        evaluation = replace(evaluation, outcome=entry.outcome)
    one = modality_of(entry.variables).one
    if evaluation.of == "row" and one != "patient":
        evaluation = replace(evaluation, of=one)
    return ModelEntry(
        entry.id, entry.name, entry.cohort, str(card.get("cohort", "")), str(card.get("model", "")),
        entry.outcome, entry.variables, int(card.get("rows", 0)), sum(card.get("events", [])),
        float(card.get("seconds", 0)), entry.created, evaluation, card, threshold,
        said.threshold is not None, said.notes,
    )  # fmt: skip


@may(Right.LOOK)
def exists(identity: str) -> bool:
    """Whether it has not been removed."""
    return hub().store.models.exists(identity)


@may(Right.BUILD)
def rename(identity: str, name: str) -> None:
    """Give a model another name; raises ``UserError`` for an empty or a very long one."""
    if not name.strip():
        raise UserError("A model needs a name", "", "Type at least one letter.")
    if len(name.strip()) > NAME_LENGTH:
        raise UserError(f"The name has more than {NAME_LENGTH} letters", "", "Type a shorter one.")
    hub().store.models.rename(identity, name.strip())


@may(Right.BUILD)
def save_threshold(identity: str, threshold: float | None) -> None:
    """Raise alerts from that risk on, wherever the model speaks; None: as it was trained.

    Raises ``UserError`` where its outcome has no alerts, or where that is no risk.
    """
    if model(identity).alert is None:
        raise UserError("This model raises no alerts", "", "Only a yes/no outcome has a threshold.")
    if threshold is not None and not 0 < threshold < 1:
        raise UserError("This is no threshold", f"{threshold:g}", "Choose one between 0 and 1.")
    hub().store.models.annotate(identity, threshold=threshold)


@may(Right.LOOK)
def limits(identity: str) -> Limits:
    """What may change of the model's patients, and how far: as it was saved, else the inputs that
    were marked as changeable."""
    entry = hub().store.models.entry(identity)
    if entry.annotations.limits is not None:
        return entry.annotations.limits
    marked = [v.name for v in entry.variables if v.changeable and v.may_take]
    return Limits(tuple(Limit(name) for name in marked[:INPUTS_AT_MOST]))


@may(Right.BUILD)
def save_limits(identity: str, limits: Limits) -> None:
    """Keep them with the model; raises ``UserError`` where they leave no room, or are too many."""
    if len(limits.each) > INPUTS_AT_MOST:
        raise UserError(
            f"More than {INPUTS_AT_MOST} inputs may change", "",
            "Allow fewer of them: those that somebody could really change.",
        )  # fmt: skip
    names = {v.name for v in model(identity).variables}
    for one in limits.each:
        if one.variable not in names:
            raise UserError(
                "The model has no such input", one.variable, "Choose one of its inputs."
            )
        if one.low is not None and one.high is not None and one.low > one.high:
            raise UserError(
                "The lower limit is above the upper one", one.variable, "Exchange the two."
            )
    hub().store.models.annotate(identity, limits=limits)


@may(Right.BUILD)
def write_notes(identity: str, notes: str) -> None:
    """Keep what users say of a model, in place of what was there; raises ``UserError`` for too
    long a text."""
    if len(notes.strip()) > NOTES_LENGTH:
        what = f"The notes have more than {NOTES_LENGTH:,} letters"
        raise UserError(what, "", "Write shorter ones.")
    hub().store.models.annotate(identity, notes=notes.strip())


@may(Right.BUILD)
def remove(identity: str) -> None:
    """Forget a model, and the revision of its cohort that was kept for it alone."""
    hub().store.models.remove(identity)
    cohorts.tidy()


@may(Right.BUILD)
def export(identity: str) -> bytes:
    """The model package as a ZIP; it holds no patient."""
    package = hub().store.models.package(identity)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(found(path.name for path in package.iterdir()).values()):
            archive.writestr(name, read(package / name))
    return held.getvalue()


@may(Right.BUILD)
def bring_in(file_name: str, data: bytes | BinaryIO) -> str:
    """Import an exported model -> its id; one that is here already is not imported again.

    It is listed only once it has predicted its own test cases again. Raises ``UserError``.
    """
    held = stream(data).read(PACKAGE_MB * 2**20 + 1)
    contents = unpacked(file_name, held)
    # Named after what it holds, not after how the ZIP was made.
    identity = hashlib.sha256(contents[MANIFEST]).hexdigest()[:32]
    store = hub().store.models
    if store.exists(identity):
        return identity
    with hub().store.passing.room() as room:
        with written_whole(room / "package") as beside:
            beside.mkdir()
            for name, part in contents.items():
                write(beside / name, part)
        try:
            return hub().engine.ask(Load(room.name), SECONDS)
        except UserError as error:
            raise UserError(error.what, file_name, error.remedy) from error


def unpacked(file_name: str, held: bytes) -> dict[str, bytes]:
    """Only the files of a package, by name, within a size that a model can have.

    Nothing is written, and names become no paths. Raises ``UserError`` for anything else.
    """
    refused = UserError(
        "This is not a model that pmed exported", file_name,
        "Choose the ZIP file that 'Export' wrote.",
    )  # fmt: skip
    try:
        with zipfile.ZipFile(io.BytesIO(held)) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries) + len(held)
            entries = [entry for entry in entries if entry.filename not in NOT_TAKEN]
            names = found(entry.filename for entry in entries)
            if not len(entries) == len(names) == len(FILES) + 1 or size > PACKAGE_MB * 2**20:
                raise refused
            sizes = {name: archive.getinfo(there).file_size for name, there in names.items()}
            if any(size > LARGEST_MB.get(name, PACKAGE_MB) * 2**20 for name, size in sizes.items()):
                raise refused
            return {entry.filename: archive.read(entry) for entry in entries}
    except (
        zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, RuntimeError, OSError, EOFError,
    ) as error:  # fmt: skip
        # RuntimeError: it is encrypted, or packed in a way that zipfile does not know.
        raise refused from error


@may(Right.LOOK)
def card(identity: str) -> str:
    """The model card as Markdown."""
    entry = model(identity)
    return card_as_markdown(CardSource(entry.name, entry.card, entry.evaluation, entry.variables))


@may(Right.LOOK)
def performance_report(
    identity: str,
    evaluation: Evaluation,
    pictures: Sequence[Picture],
    divided: tuple[Sequence[Subgroups], Sequence[str]] | None = None,
) -> bytes:
    """An evaluation of a model on a page as PDF, and on another in groups of its patients:
    ``divided`` as from ``groups.usual``."""
    # The PDF library is loaded by those who ask for a report, not by everyone who opens a page.
    from pmed_core.reports.performance import PerformancePage
    from pmed_core.reports.performance import performance_report as drawn

    entry = model(identity)
    groups, without = divided or ((), ())
    page = PerformancePage(
        model=entry.name, made=datetime.now(), evaluation=evaluation, card=entry.card,
        variables=entry.variables, missing=_missing(entry), threshold=entry.alert,
        notes=entry.notes, pictures=pictures,
        groups=groups, without=without,
    )  # fmt: skip
    return drawn(page)


def _missing(entry: ModelEntry) -> str:
    """Of the training table, where it is here and its cells are counted."""
    if not cohorts.here(entry.cohort):
        return "not known here"
    quality, names = cohorts.quality(entry.cohort), {v.name for v in entry.variables}
    counts = [one.missing for one in quality.summaries if one.name in names]
    of = quality.n * len(counts)
    if not of:
        return "not counted"
    lacking = sum(count > 0 for count in counts)
    if not lacking:
        return "none in training"
    return f"{percent(sum(counts) / of)} of training, in {lacking:,} of {len(counts):,} inputs"


@may(Right.LOOK)
def inputs(identity: str) -> list[Variable]:
    """What the model reads, most important first where that is known."""
    entry, found = model(identity), importance(identity)
    read = [v for v in entry.variables if v.role is Role.INPUT]
    if found is None:
        return read
    sizes = dict(zip(found.variables, abs(found.shap).mean(axis=0).tolist(), strict=True))
    return sorted(read, key=lambda v: -float(sizes.get(v.name, 0.0)))


@may(Right.LOOK)
def importance(identity: str) -> Explanation | None:
    """The explanation of a sample of the training patients, once it was made."""
    return hub().store.models.importance(identity)


@may(Right.BUILD)
def explain_cohort(identity: str) -> str:
    """Explain a sample of the training patients, as a job -> its id."""
    return hub().submit(Importance(identity), again=importance(identity) is None)


@may(Right.LOOK)
def growth(identity: str) -> LearningCurve | None:
    """How much more patients would help, once it was asked."""
    return hub().store.models.growth(identity)


@may(Right.BUILD)
def ask_growth(identity: str) -> str:
    """Train on fewer patients to see it, as a job -> its id."""
    return hub().submit(Growth(identity), again=growth(identity) is None)


@may(Right.BUILD)
def evaluate(
    identity: str, file_name: str, data: bytes | BinaryIO, looked_at: bool = False
) -> Evaluation:
    """Evaluate a model on a held-out file; the evaluation is kept, the file is not.

    ``looked_at``: a person made sure that no scan shows a name.

    Raises ``UserError``.
    """
    with _passing(identity, file_name, data, looked_at) as cohort:
        answer = hub().engine.ask(Evaluate(identity, cohort), SECONDS)
    return from_json(Evaluation, answer)  # type: ignore[no-any-return]


@may(Right.ASK)
def predict(
    identity: str, file_name: str, data: bytes | BinaryIO, looked_at: bool = False
) -> Predicted:
    """Predict the patients of a file; neither it nor the predictions are kept.

    ``looked_at`` as above. Raises ``UserError``.
    """
    entry = model(identity)
    there = shown_labels(entry.evaluation, entry.outcome.labels)
    if not there:
        raise UserError(NO_RISK, entry.name, "Train another model.")
    silent = tuple(k for k in range(len(entry.outcome.labels)) if k not in there)
    with _passing(identity, file_name, data, looked_at) as cohort:
        work = Predict(identity, cohort, entry.alert, silent)
        answer = hub().engine.ask(work, SECONDS)
    return from_json(Predicted, answer)  # type: ignore[no-any-return]


@contextmanager
def _passing(
    identity: str, file_name: str, data: bytes | BinaryIO, looked_at: bool
) -> Iterator[str]:
    """The cohort of a file, as the model reads it; gone with the file afterwards."""
    with hub().store.passing.upload(file_name, stream(data)) as token:
        work = Read(token, file_name, model=identity, looked_at=looked_at)
        yield hub().engine.ask(work, settings().read_seconds)


@may(Right.LOOK)
def evaluations(identity: str) -> tuple[Evaluation, ...]:
    """Evaluations on held-out files, oldest first."""
    return hub().store.models.evaluations(identity)


@may(Right.LOOK)
def unreadable_evaluations(identity: str) -> int:
    """How many more there are that cannot be read."""
    return len(hub().store.models.damaged_evaluations(identity))
