"""What a user may ask about the genes of a model."""

from __future__ import annotations

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.modalities.expression.genes import DescribeGenes, Genes, Sets
from pmed_core.service.access import may
from pmed_core.service.hub import hub

SECONDS = 300


@may(Right.ASK)
def genes(model_id: str, label: str, sets: Sets = ()) -> Genes:
    """How the genes of the training patients differ between those of a label and the others, what
    the model reads from them, and how ``sets`` of them differ; raises ``UserError``."""
    answer = hub().engine.ask(DescribeGenes(model_id, label, sets), SECONDS)
    return from_json(Genes, answer)  # type: ignore[no-any-return]
