"""How molecules are learnt: as a table of their features, in folds of scaffolds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.contracts import Run, Trained
from pmed_core.modalities.molecule import Molecule, column_of
from pmed_core.modalities.molecule.domain import learn_domain
from pmed_core.modalities.molecule.ensemble import (
    FEATURE,
    Described,
    MoleculeEnsemble,
    described,
    structures,
)
from pmed_core.modalities.molecule.facts import quantiles
from pmed_core.modalities.molecule.features import names
from pmed_core.modalities.molecule.flattery import forest_at_random, with_random_split
from pmed_core.modalities.molecule.reading import conflicts
from pmed_core.modalities.molecule.structures import alike, scaffold
from pmed_core.modalities.tabular import learner as tables
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.membership import row_hashes, rows_digest
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.quality import Severity
from pmed_core.quantity import counted
from pmed_core.systems import refuse_unlearnt
from pmed_core.variable import Kind, Role, Variable

GROUP = "(split by)"
SAME_MOLECULES = 0.95
"""Share of the rows in which a further column repeats the structure, from which on it is one."""
SHOWN = 5
RARE = 4
"""A feature that fewer molecules differ in is not learnt from."""


def trainable(cohort: Cohort, progress: Progress) -> Cohort:
    """The rows with an outcome and a structure; raises ``UserError`` where too few are left."""
    cohort = _without_repeats(cohort, progress)
    columns = [v.name for v in cohort.inputs if v.kind is Kind.MOLECULE]
    if len(columns) > 1:
        raise UserError(
            f"There are {len(columns)} columns of molecules: {', '.join(columns)}", cohort.name,
            "Set the role of all but one to 'ignore'.",
        )  # fmt: skip
    refuse_unlearnt(
        Molecule(), cohort, "molecules",
        f"Choose another outcome, or set the role of '{columns[0]}' to 'ignore'.",
    )  # fmt: skip
    known = with_structure(cohort.numbered())
    if len(known) < len(cohort):
        progress.note(
            f"{len(cohort) - len(known)} of {len(cohort)} rows hold no molecule that can be read, "
            "and are left out."
        )
    if beside := [v.name for v in cohort.inputs if v.kind is not Kind.MOLECULE]:
        progress.note(_read_beside(beside))
    for found in conflicts(known, columns[0]):
        if found.severity is Severity.WARNING:
            progress.note(f"{found.sentence} No model can learn both.")
    return tables.trainable(known, progress)


def _read_beside(names: list[str]) -> str:
    """That a new molecule needs more than its structure, as where other assays are inputs."""
    shown = ", ".join(f"'{name[:60]}'" for name in names[:SHOWN])
    return (
        f"Beside the structure the model reads {counted(len(names), 'input')}: {shown}"
        f"{' …' * (len(names) > SHOWN)}. Ignore those that are not known of a new molecule, such "
        "as other assays."
    )


def _without_repeats(cohort: Cohort, progress: Progress) -> Cohort:
    """Without further columns that hold the same molecules, as SMILES of another program or InChI
    beside the structure do."""
    first, *others = [v.name for v in cohort.inputs if v.kind is Kind.MOLECULE]
    keys = cohort.table[[first, *others]].map(alike, na_action="ignore")
    both = keys.notna()
    same = {
        name for name in others
        if (keys[first] == keys[name])[both[first] & both[name]].mean() >= SAME_MOLECULES
    }  # fmt: skip
    for name in sorted(same):
        progress.note(f"'{name}' holds the same molecules as '{first}', and is left out.")
    given = tuple(replace(v, role=Role.IGNORE) if v.name in same else v for v in cohort.variables)
    return replace(cohort, variables=given)


def with_structure(cohort: Cohort) -> Cohort:
    """The rows with a molecule."""
    return cohort.select(rows_with_structure(cohort))


def rows_with_structure(cohort: Cohort) -> NDArray[np.bool_]:
    """(n,) there is a molecule."""
    return np.asarray(cohort.table[column_of(cohort.inputs)].notna(), dtype=bool)


def trained(cohort: Cohort, run: Run) -> Trained:
    """The networks of tables on features; raises ``UserError`` and ``Cancelled``."""
    run.progress.stage("Computing the features of molecules", 0.01)
    rows = described(cohort.table, cohort.inputs)
    inside = in_numbers(cohort, rows, groups(cohort, run.options.split))
    found = tables.trained(inside, run)
    variables = tuple(tables.with_range(v, cohort.table) for v in cohort.inputs)
    hashes = row_hashes(cohort.table, variables)
    ensemble = MoleculeEnsemble(
        _as_far_as_read(cast(TableEnsemble, found.ensemble)),
        variables,
        learn_domain(rows.environments, run.options.seed),
        quantiles(tuple(structures(cohort.table[column_of(cohort.inputs)])), run.options.seed),
    )
    ids = tuple(cohort.patients())
    if found.baselines and run.options.split == "scaffold":
        run.progress.stage("A random split beside that by scaffold", 0.96)
        said = forest_at_random(inside, groups(cohort, "random"), run)
        found = replace(found, completed=partial(with_random_split, at_random=said))
    return replace(
        found, ensemble=ensemble, held_out=_of(found.held_out, ids), variables=variables,
        on=f"{found.on} by {run.options.split}", learnt=hashes,
        baselines={n: (_of(p, ids), s) for n, (p, s) in found.baselines.items()},
        card=found.card | {
            "rows_digest": rows_digest(hashes, variables), "split": run.options.split
        },
    )  # fmt: skip


def _of(found: Predictions, ids: tuple[str, ...]) -> Predictions:
    """The same of those molecules, and not of the groups they were split by."""
    return replace(found, patients=ids, of=Molecule.one)


def in_numbers(cohort: Cohort, rows: Described, owners: NDArray[np.str_]) -> Cohort:
    """The cohort as a table of numbers, whose "patients" are what is split by."""
    outcome = list(cohort.chosen_outcome().columns)
    kept = [name for name in rows.table.columns if not _rare(rows.table[name])]
    table = pd.concat([rows.table[kept], cohort.table[outcome].reset_index(drop=True)], axis=1)
    others = {v.name: v for v in cohort.variables}
    variables = [others.get(name) or Variable(name, Kind.NUMBER) for name in kept]
    variables += [others[name] for name in outcome]
    variables.append(Variable(GROUP, Kind.IDENTIFIER, Role.PATIENT))
    return replace(
        cohort, table=table.assign(**{GROUP: pd.array(owners, dtype="str")}),
        variables=tuple(variables),
    )  # fmt: skip


FEATURES = frozenset(FEATURE.format(name) for name in names())


def _rare(cells: pd.Series[float]) -> bool:
    """A feature of molecules that hardly any differs in."""
    if cells.name not in FEATURES:
        return False
    values = cells.to_numpy()
    return int((values != np.median(values)).sum()) < RARE


def groups(cohort: Cohort, split: str) -> NDArray[np.str_]:
    """(n,) what stays on one side of every split: molecules of one scaffold (``"scaffold"``), and
    always tautomers, copies, and all rows of one id."""
    smiles = structures(cohort.table[column_of(cohort.inputs)])
    same = [[alike(one) for one in smiles], list(cohort.patients())]
    if split == "scaffold":
        same.append([scaffold(one) for one in smiles])
    n, edges = len(cohort), []
    for keys in same:
        codes, _ = pd.factorize(np.array(keys, dtype=object))
        first = np.unique(codes, return_index=True)[1]
        edges.append(np.stack([np.arange(n), first[codes]]))
    rows, columns = np.concatenate(edges, axis=1)
    graph = coo_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1].astype(str))


def _as_far_as_read(ensemble: TableEnsemble) -> TableEnsemble:
    """Without the features that no network reads."""
    read = {name for one in ensemble.networks.preprocessing for name in one.columns}
    kept = [v for v in ensemble.variables if v.name in read or v.name not in FEATURES]
    return replace(
        ensemble, variables=tuple(kept), background=ensemble.background[[v.name for v in kept]]
    )
