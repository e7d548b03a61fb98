"""The choices of a training run. Forms, command-line flags and stored specs come from here."""

from __future__ import annotations

from pmed_core.modalities.scan.options import ScanNetworkOptions, ScanOptions
from pmed_core.modalities.tabular.options import FitOptions, NetworkOptions

AnyOptions = FitOptions | ScanOptions
AnyNetwork = NetworkOptions | ScanNetworkOptions

__all__ = ["AnyNetwork", "AnyOptions", "FitOptions", "ScanOptions"]
