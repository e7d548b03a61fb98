"""Baselines that can be kept as models, by name, and what to do where one is better."""

from __future__ import annotations

from dataclasses import dataclass

FOREST, BOOSTING = "Random forest", "Gradient boosting"

LOGISTIC, RIDGE, COX, SVM = "Logistic regression", "Ridge regression", "Cox regression", "SVM"


@dataclass(frozen=True)
class Advice:
    """What to do where a baseline is better than the model, or as good and simpler.

    Attributes:
        model: title of the model that it is; empty where it stands for comparison only.
        instead: what to do then, as the end of a sentence; empty where nothing is advised.
        own: whether it is the model itself that it stands beside, fitted once.
    """

    model: str = ""
    instead: str = ""
    own: bool = False


def inside(name: str) -> str:
    """A name as it stands within a sentence; SVM and Cox keep their capitals."""
    common = name[1:2].islower() and not name.startswith("Cox")
    return name[:1].lower() + name[1:] if common else name
