"""How each kind of input is shown: which module belongs to which noun is said here alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, assert_never

from pmed_core import modalities as nouns
from pmed_core.modalities import Modality
from pmed_core.service.entries import CohortEntry, ModelEntry
from pmed_core.work import Consultation

if TYPE_CHECKING:
    from pages.parts.patient_panels import About, Panels
    from pages.parts.patient_pick import Case


class Showing(Protocol):
    """What the pages ask of a kind of input."""

    @property
    def MODEL_VIEWS(self) -> Mapping[str, Callable[[ModelEntry], None]]:
        """Views of a model beside those that all have, by their names."""

    @property
    def GROWTH(self) -> bool:
        """Whether it can be asked how many more of them would help a model."""

    @property
    def EDITABLE(self) -> tuple[str, ...]:
        """Columns of the table of variables that may be corrected."""

    @property
    def ABOUT_VARIABLES(self) -> str:
        """What stands above that table."""

    def rows(self, entry: CohortEntry) -> None:
        """The rows of a cohort."""

    def new_file(self, entry: ModelEntry, known: bool) -> tuple[Any, bool]:
        """Within a form: an uploaded file of others, and whether a user looked for names;
        ``known``: with what happened."""

    def number(self, entry: ModelEntry, found: Consultation, k: int) -> None:
        """What all else on the page of one case is about: quantity ``k``."""

    def panels(self, entry: ModelEntry, case: Case, found: Consultation, about: About) -> Panels:
        """What there is to say of one of its cases beside the number, on the Patient page."""

    def before_training(self, entry: CohortEntry, options: Any) -> str:
        """What stands below the options -> id of the model to continue; empty to train anew."""


def shown_by(modality: Modality) -> Showing:
    """The module that shows it."""
    match modality:
        case nouns.Tabular():
            from pages.parts.modalities import tabular as tables

            return tables
        case nouns.Scan():
            from pages.parts.modalities import scan as scans

            return scans
        case nouns.Molecule():
            from pages.parts.modalities import molecule as molecules

            return molecules
        case nouns.Response():
            from pages.parts.modalities import response

            return response
        case nouns.Sequence():
            from pages.parts.modalities import sequence as sequences

            return sequences
        case nouns.Expression():
            from pages.parts.modalities import expression

            return expression
        case nouns.Treatment():
            from pages.parts.modalities import treatment as treatments

            return treatments
        case nouns.Variants():
            from pages.parts.modalities import variants

            return variants
        case _:
            assert_never(modality)
