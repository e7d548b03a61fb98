"""The choices of a training run. Forms, command-line flags and stored specs come from here."""

from __future__ import annotations

from pmed_core.modalities.expression.options import (
    ComponentsOptions,
    ExpressionOptions,
    RidgeOptions,
)
from pmed_core.modalities.molecule.options import MoleculeOptions
from pmed_core.modalities.response.options import FactorsOptions, ResponseOptions, TowersOptions
from pmed_core.modalities.scan.options import (
    Cnn28Options,
    Cnn32Options,
    Cnn64Options,
    EvidenceOptions,
    ScanNetworkOptions,
    ScanOptions,
)
from pmed_core.modalities.sequence.options import (
    ConvolutionalOptions,
    RecurrentOptions,
    SequenceOptions,
    WordsOptions,
)
from pmed_core.modalities.tabular.options import (
    BoostingOptions,
    FitOptions,
    ForestOptions,
    LinearOptions,
    MLPOptions,
    NetworkOptions,
    TabMOptions,
)
from pmed_core.modalities.treatment.options import TreatmentOptions
from pmed_core.modalities.variants.options import VariantsOptions

AnyOptions = (
    FitOptions | ScanOptions | MoleculeOptions | ResponseOptions | SequenceOptions
    | ExpressionOptions | TreatmentOptions | VariantsOptions
)  # fmt: skip
AnyNetwork = (
    NetworkOptions | ScanNetworkOptions | TowersOptions | FactorsOptions | RecurrentOptions
    | ConvolutionalOptions | WordsOptions | ComponentsOptions | RidgeOptions
)  # fmt: skip

__all__ = [
    "AnyNetwork", "AnyOptions", "BoostingOptions", "Cnn28Options", "Cnn32Options", "Cnn64Options",
    "ComponentsOptions", "EvidenceOptions", "ExpressionOptions", "FactorsOptions", "FitOptions",
    "ForestOptions", "LinearOptions", "MLPOptions", "MoleculeOptions", "ResponseOptions",
    "RidgeOptions", "ScanOptions", "SequenceOptions", "TabMOptions", "TowersOptions",
    "TreatmentOptions", "VariantsOptions",
]  # fmt: skip
