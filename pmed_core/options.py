"""The choices of a training run. Forms, command-line flags and stored specs come from here."""

from __future__ import annotations

from pmed_core.modalities.expression.options import ExpressionOptions as ExpressionOptions
from pmed_core.modalities.molecule.options import MoleculeOptions as MoleculeOptions
from pmed_core.modalities.response.options import ResponseOptions as ResponseOptions
from pmed_core.modalities.scan.options import ScanOptions as ScanOptions
from pmed_core.modalities.sequence.options import SequenceOptions as SequenceOptions
from pmed_core.modalities.tabular.options import FitOptions as FitOptions
from pmed_core.modalities.tabular.options import MLPOptions as MLPOptions
from pmed_core.modalities.treatment.options import TreatmentOptions as TreatmentOptions
from pmed_core.modalities.variants.options import VariantsOptions as VariantsOptions

AnyOptions = (
    FitOptions | ScanOptions | MoleculeOptions | ResponseOptions | SequenceOptions
    | ExpressionOptions | TreatmentOptions | VariantsOptions
)  # fmt: skip
