"""Writing answers with a key/value cache, against sending the whole text through again.

    python experiments/benchmarks/decoding.py

The decoder of `run=scenes_s1s2_coca` with random weights, prompts of 16 tokens: 16 at once, and 256
as `wfa evaluate` has them. It may not end an answer, so both sides write as many words as a box has
(4), and as a caption has (100). Compared are the words. On a CPU its seconds are those of the
process.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from _arguments import parse_arguments
from _record import Row, record
from torch import Tensor

from wfa.data.instruction_tokens import ANSWER, OWN_TOKENS
from wfa.model.decoder import Decoder
from wfa.model.kinds.coca import Config

LENGTH = 16
CELLS, CHANNELS = 64, 64
CASES = ((16, "a box", 4), (256, "a box", 4), (16, "a caption", 100))
"""Prompts at once, what is written, its words."""
REPEATS = 3
GOAL = 3.0


def main() -> None:
    """Measure all cases and write `decoding.json`."""
    device = torch.device(parse_arguments(__doc__).device)
    decoder = build().to(device).eval()
    record("decoding", [compare(decoder, device, *case) for case in CASES])


def build() -> Decoder:
    """Make a decoder that cannot end an answer."""
    torch.manual_seed(0)
    options = Config(context_length=LENGTH + max(words for *_, words in CASES))
    decoder = Decoder(
        CHANNELS, CELLS, options.width, options.layers, options.heads, options.context_length,
        options.vocabulary,
    )  # fmt: skip
    decoder.learn_words(Counter(range(OWN_TOKENS, 400)))
    with torch.no_grad():
        decoder.words[2] = 0.0  # the end: a logit of 0, far below the largest of the others
    return decoder


def compare(decoder: Decoder, device: torch.device, count: int, case: str, words: int) -> Row:
    """Time both ways; the agreement is the share of words that differ."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        seen = decoder.look(torch.randn(count, CHANNELS, 8, 8, generator=generator).to(device))
    prompts = torch.randint(OWN_TOKENS, 400, (count, LENGTH), generator=generator).to(device)
    prompts[:, -1] = ANSWER
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    ours, answers = timed(lambda: decoder.write(seen, prompts, words), clock)
    peer, others = timed(lambda: without_a_cache(decoder, seen, prompts, words), clock)
    different = sum(a != b for own, other in zip(answers, others, strict=True)
                    for a, b in zip(own, other, strict=True))  # fmt: skip
    written = sum(map(len, others))
    goal = GOAL if count > 16 or words > 10 else None
    return Row(
        f"{count} answers, {case}, {words} words", written / ours, written / peer, peer / ours,
        goal, different / written, "words/s",
        "small products: one token of each answer at a time",
    )  # fmt: skip


@torch.no_grad()
def without_a_cache(decoder: Decoder, seen: Tensor, prompts: Tensor, words: int) -> list[list[int]]:
    """Write greedily, the whole text anew for each word."""
    text = prompts
    for _ in range(words):
        last = torch.zeros_like(text, dtype=torch.bool)
        last[:, -1] = True
        found = decoder.known[decoder.next_words(seen, text, last).argmax(1)]
        text = torch.cat([text, found[:, None]], 1)
    answers: list[list[int]] = text[:, prompts.shape[1] :].tolist()
    return answers


def timed(run: Callable[[], Any], clock: Callable[[], float]) -> tuple[float, Any]:
    """Return the shortest of some times, in seconds, and the result."""
    times = []
    for _ in range(REPEATS):
        start = clock()
        result = run()
        times.append(clock() - start)
    return min(times), result


if __name__ == "__main__":
    main()
