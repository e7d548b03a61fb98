"""How long the waterfall takes in a real browser, on a warm server of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from tests.journeys.server import ROOT, served

PATIENTS, WARM = 60, 3
TRAIN = """
import sys
from dataclasses import replace
from pathlib import Path
from pmed_core.options import FitOptions
from pmed_core.outcomes import YesNo
from pmed_core.service import cohorts, training
from pmed_core.variable import Role
roles = dict.fromkeys(("Length_of_stay", "Survival", "SAPS-I", "SOFA"), Role.IGNORE)
roles |= {"recordid": Role.PATIENT, "In-hospital_death": Role.OUTCOME}
read = cohorts.bring_in("icu.csv", Path(sys.argv[1]).read_bytes())
variables = cohorts.cohort(read).variables
variables = tuple(replace(v, role=roles.get(v.name, v.role)) for v in variables)
chosen = cohorts.revise(read, variables, YesNo("In-hospital_death", ("1",)))
job = training.job(training.train(chosen, "ICU", FitOptions(baselines=False)))
assert job.state == "done", job.error
"""
CLICKED = """() => {
  window.chosen = 0;
  document.addEventListener('keydown', () => { window.chosen = performance.now(); },
                            {once: true, capture: true});
}"""
FINISHED = """(old) => new Promise(done => {
  const look = () => {
    const found = [...document.querySelectorAll('[data-testid=stCaptionContainer]')]
      .find(caption => caption.innerText.includes('the contributions add up to'));
    if (found && found.innerText !== old) done(performance.now() - window.chosen);
    else requestAnimationFrame(look);
  };
  look();
})"""
"""The caption stands below the figure and arrives after it."""


def waterfalls(table: Path) -> tuple[float, float, int]:
    """Median and 95th percentile in ms, and of how many patients."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"PMED_HOME": home}
        subprocess.run(
            [sys.executable, "-c", TRAIN, str(table)], check=True, cwd=ROOT,
            env=environment | {"PMED_ENGINE": "inline"}, capture_output=True,
        )  # fmt: skip
        with served(Path(home)) as address:
            found = _measured(address, _some(table))
    return float(np.median(found)), float(np.quantile(found, 0.95)), len(found)


def _some(table: Path) -> list[str]:
    """Patients that the page lists first."""
    with table.open() as lines:
        column = next(lines).replace('"', "").strip().split(",").index("recordid")
        return sorted(line.split(",")[column] for line in lines)[: 2 * PATIENTS]


def _measured(address: str, patients: list[str]) -> list[float]:
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = chromium.new_context(viewport={"width": 1440, "height": 1000}).new_page()
        page.goto(f"{address}/patient")
        found = []
        for patient in patients:
            taken = _chosen(page, patient)
            if taken:
                found.append(taken)
            if len(found) == PATIENTS + WARM:
                break
        chromium.close()
    return found[WARM:]


def _chosen(page: Page, patient: str) -> float:
    """Milliseconds from the key that chooses to the waterfall; 0 where the patient is not listed,
    or has no waterfall."""
    box = page.locator('input[aria-label="Patient"]')
    box.click()
    box.fill(patient)
    page.wait_for_timeout(500)
    options = page.get_by_role("option")
    if not options.count() or options.first.inner_text() != patient:
        page.keyboard.press("Escape")
        return 0.0
    before = page.get_by_text("the contributions add up to")
    old = before.first.inner_text() if before.count() else ""
    page.evaluate(CLICKED)
    page.keyboard.press("Enter")
    taken = float(page.evaluate(FINISHED, old))
    page.wait_for_timeout(1500)
    return taken
