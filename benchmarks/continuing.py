"""A model goes on with the scans of another machine: what it gains there, and what it forgets.

    python -m benchmarks.continuing [--members 2]

A model of the simulated chest CT (120 patients) is evaluated on new patients of another machine (a
soft kernel and a low dose: blurred, with more noise), continued with 40 outlined patients of that
machine, and evaluated again on both. Beside it a model trained on these 40 alone.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from scipy import ndimage

from benchmarks.nodules import show, simulated
from pmed_core import fit
from pmed_core.cohort import Cohort
from pmed_core.options import ScanOptions
from pmed_core.samples import chest_ct

PATIENTS, EVALUATED = 40, 150
BLUR, NOISE = 1.5, 60.0
"""Pixels and Hounsfield units."""


def of_another_machine(cohort: Cohort) -> Cohort:
    """The same patients as a softer and noisier machine shows them."""
    if cohort.scans is None:
        raise TypeError("A cohort without scans. Expected simulated CT.")
    draw, data = np.random.default_rng(0), cohort.scans.data.copy()
    for name, frame in cohort.scans.frames.items():
        soft = ndimage.gaussian_filter(cohort.scans.pixels(name).astype(np.float64), BLUR)
        seen = soft + draw.normal(0, NOISE, soft.shape)
        there = slice(frame.offset, frame.offset + frame.size)
        data[there] = np.frombuffer(seen.round().astype(frame.dtype).tobytes(), data.dtype)
    return replace(cohort, scans=replace(cohort.scans, data=data))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=ScanOptions().members)
    options = ScanOptions(members=parser.parse_args().members, baselines=False)
    known = simulated(EVALUATED, 1)
    other, few = of_another_machine(known), of_another_machine(simulated(PATIENTS, 9))
    before = fit(simulated(chest_ct.PATIENTS, 0), options)
    started = time.perf_counter()
    after = fit(few, options, start=before)
    seconds = time.perf_counter() - started
    anew = fit(few, options)
    for name, model in (("before", before), ("continued", after), ("of the 40 alone", anew)):
        show(f"{name}, the other machine", model.evaluate(other))
    show("before, the first machine", before.evaluate(known))
    show("continued, the first machine", after.evaluate(known))
    print(f"continued in {seconds:.0f} s")


if __name__ == "__main__":
    main()
