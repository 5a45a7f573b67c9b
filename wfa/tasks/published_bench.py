"""Published results on the bench split of BigEarthNet.txt, as data."""

from typing import NamedTuple

SOURCE = "BigEarthNet.txt, arXiv:2603.29630"

BENCH_ROWS = {"binary": 6_927, "mcq": 5_550, "referring": 1_582, "captioning": 970}
"""Rows of the official bench split by group of tasks."""


class BenchResult(NamedTuple):
    """One model's results in percent.

    Attributes:
        model: Its name.
        bleu4: BLEU-4 of captions.
        binary: Accuracy of yes/no questions.
        mcq: Accuracy of multiple-choice questions.
        miou: mIoU of referring.
    """

    model: str
    bleu4: float
    binary: float
    mcq: float
    miou: float


PUBLISHED = (
    BenchResult("GPT-5.2", 0.30, 60.39, 34.93, 31.73),
    BenchResult("Qwen3-VL-8B", 0.57, 61.96, 37.55, 18.00),
    BenchResult("LLaVA-OneVision-7B", 0.96, 58.60, 36.27, 20.17),
    BenchResult("EarthMind (S1+S2)", 1.46, 57.79, 35.26, 16.18),
    BenchResult("GeoChat-7B", 0.75, 50.82, 28.4, 4.85),
    BenchResult("RS-InternVL, fine-tuned", 34.04, 73.29, 65.84, 51.49),
)
"""GeoChat and RS-InternVL are printed the other way round in secondary sources; only this order
fits the published counts."""


def is_official(rows: dict[str, int]) -> bool:
    """Say whether these counts of rows by group are those of the official bench split."""
    return rows == BENCH_ROWS
