"""Baselines that can be kept as models of their own, by name."""

from __future__ import annotations

FOREST, BOOSTING = "Random forest", "Gradient boosting"
