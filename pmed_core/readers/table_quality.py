"""What is worth knowing about a table of patients before anyone trains on it."""

from __future__ import annotations

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.quality import CODES_FOR_MISSING, Finding, Severity, Summary
from pmed_core.readers import identifiers
from pmed_core.readers.direct import called_direct
from pmed_core.readers.leakage import copies, later_dates, repeated
from pmed_core.variable import Kind

OFTEN_MISSING = 0.5


def findings(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    """Of patients, columns and cells; clean ones are said too."""
    return [
        *repeated(cohort), *_identifiers(cohort), *_constants(cohort, summaries),
        *_missing(cohort, summaries), *_codes_for_missing(cohort), *copies(cohort),
        *later_dates(cohort),
    ]  # fmt: skip


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:5]) + " …" * (len(names) > 5)


def _identifiers(cohort: Cohort) -> list[Finding]:
    direct = [v.name for v in cohort.variables if "direct identifier" in v.reason]
    alike = [v.name for v in cohort.variables if v.reason.startswith("nearly every value")]
    used = [
        v.name for v in cohort.inputs
        if v.kind is Kind.IDENTIFIER or (v.kind is Kind.NUMBER and _counts_rows(cohort, v.name))
    ]  # fmt: skip
    found = []
    if direct:
        found.append(
            Finding(
                "direct identifiers", Severity.WARNING,
                f"{_listed(direct)} {'looks' if len(direct) == 1 else 'look'} like "
                f"{'a direct identifier' if len(direct) == 1 else 'direct identifiers'} and "
                f"{'was' if len(direct) == 1 else 'were'} not kept.",
                "Leave them out of the file.", tuple(direct),
            )
        )  # fmt: skip
    else:
        found.append(_no_direct(cohort))
    if alike + used:
        found.append(
            Finding(
                "identifier-like columns", Severity.WARNING if used else Severity.NOTE,
                f"{_listed(alike + used)}: nearly every value is different, as in an identifier.",
                "Ignore them; a model would learn the rows by heart." if used else "",
                tuple(alike + used),
            )
        )  # fmt: skip
    return [*found, *_grouping(cohort)]


def _grouping(cohort: Cohort) -> list[Finding]:
    """Inputs whose repeated values go with one person's unchanging sex, birth or age."""
    suspects = [v.name for v in cohort.inputs if identifiers.groups_like_persons(cohort.table, v)]
    if not suspects:
        return []
    return [
        Finding(
            "possible record numbers", Severity.WARNING,
            f"{_listed(suspects)}: rows with the same value agree in what does not change of a "
            f"person; {'it' if len(suspects) == 1 else 'each'} may be a record number.",
            "Ignore it, or set its role to 'patient'.", tuple(suspects),
        )
    ]  # fmt: skip


def _no_direct(cohort: Cohort) -> Finding:
    """That no name was found; clean where no column numbers persons either."""
    check, numbers = "direct identifiers", identifiers.numbering(cohort.variables)
    if not numbers:
        sentence = "No column looks like a name, contact detail or record number."
        return Finding(check, Severity.CLEAN, sentence)
    sentence = (
        f"No column looks like a name or contact detail. {_listed(numbers)} "
        f"number{'s' * (len(numbers) == 1)} persons, stays or samples and "
        f"{'is' if len(numbers) == 1 else 'are'} not read by a model."
    )
    kept = cohort.patient if cohort.patient and called_direct(cohort.patient) else ""
    if not kept:
        return Finding(check, Severity.CLEAN, sentence)
    return Finding(
        check, Severity.WARNING, f"{sentence} '{kept}' is kept to tell patients apart.",
        "Replace it by a pseudonym in the file.", (kept,),
    )  # fmt: skip


def _counts_rows(cohort: Cohort, name: str) -> bool:
    """Whole numbers, all different, one after another: a running number."""
    cells = cohort.table[name].dropna().to_numpy()
    if len(cells) < 20 or (cells != np.round(cells)).any() or len(np.unique(cells)) < len(cells):
        return False
    return bool(np.ptp(cells) <= 1.5 * len(cells))


def _constants(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    inputs = {v.name for v in cohort.inputs}
    constant = [s.name for s in summaries if s.name in inputs and s.distinct <= 1]
    if not constant:
        return [Finding("constant columns", Severity.CLEAN, "No input is the same for everybody.")]
    return [
        Finding(
            "constant columns", Severity.NOTE, f"{_listed(constant)}: one value for everybody.",
            "Ignore them.", tuple(constant),
        )
    ]  # fmt: skip


def _missing(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    inputs = {v.name for v in cohort.inputs}
    cells = sum(s.missing for s in summaries if s.name in inputs)
    share = cells / max(len(cohort) * len(inputs), 1)
    often = [
        s.name for s in summaries if s.name in inputs and s.missing > OFTEN_MISSING * len(cohort)
    ]
    if not cells:
        return [Finding("missing values", Severity.CLEAN, "No input has an empty cell.")]
    sentence = (
        f"{100 * share:.1f} % of the inputs' cells are empty; the model reads that as information."
    )
    if often:
        sentence += f" More than half are empty in {_listed(often)}."
    return [Finding("missing values", Severity.NOTE, sentence, "", tuple(often))]


def _codes_for_missing(cohort: Cohort) -> list[Finding]:
    """Numbers such as 999 that the reader took for numbers, and that a user may set missing."""
    doubted = [d for d in cohort.reading if d.rule == "missing-code" and not d.proved]
    inputs = {v.column: v.name for v in cohort.inputs}
    return [
        Finding(
            CODES_FOR_MISSING, Severity.WARNING, one.sentence,
            "Set them missing, unless they are true values.", (inputs[one.column],),
        )
        for one in doubted
        if one.column in inputs
    ]  # fmt: skip
