"""BLEU of a corpus, by sacreBLEU."""

from __future__ import annotations

import sacrebleu

from lyceum.scoring.metrics.inputs import Columns


def bleu(columns: Columns, tokenize: str) -> float:
    """BLEU of the corpus, 0 to 100; each target is a reference."""
    references = [list(each) for each in columns.targets]
    said = list(columns.predictions[0])
    return sacrebleu.corpus_bleu(said, references, tokenize=tokenize, force=True).score
