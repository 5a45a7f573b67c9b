"""Writing answers with a key/value cache, against sending the whole text through again.

    python experiments/benchmarks/decoding.py

The decoder of `run=scenes_s1s2_coca` with random weights, 16 prompts of 16 tokens at once. It may
not end an answer, so both sides write as many words as a box has (4), and as a caption has (100).
Compared are the words.
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

PROMPTS, LENGTH = 16, 16
CELLS, CHANNELS = 64, 64
WORDS = {"a box, 4 words": 4, "a caption, 100 words": 100}
REPEATS = 2
GOAL = 3.0


def main() -> None:
    """Measure both lengths and write `decoding.json`."""
    device = torch.device(parse_arguments(__doc__).device)
    decoder = build().to(device).eval()
    generator = torch.Generator().manual_seed(1)
    seen = decoder.look(torch.randn(PROMPTS, CHANNELS, 8, 8, generator=generator).to(device))
    prompts = torch.randint(OWN_TOKENS, 400, (PROMPTS, LENGTH), generator=generator)
    prompts[:, -1] = ANSWER
    record("decoding", [compare(decoder, seen, prompts.to(device), *one) for one in WORDS.items()])


def build() -> Decoder:
    """Make a decoder that cannot end an answer."""
    torch.manual_seed(0)
    options = Config(context_length=LENGTH + max(WORDS.values()))
    decoder = Decoder(
        CHANNELS, CELLS, options.width, options.layers, options.heads, options.context_length,
        options.vocabulary,
    )  # fmt: skip
    decoder.learn_words(Counter(range(OWN_TOKENS, 400)))
    with torch.no_grad():
        decoder.words[2] = 0.0  # the end: a logit of 0, far below the largest of the others
    return decoder


def compare(decoder: Decoder, seen: Tensor, prompts: Tensor, case: str, words: int) -> Row:
    """Time both ways; the agreement is the share of words that differ."""
    ours, answers = timed(lambda: decoder.write(seen, prompts, words))
    peer, others = timed(lambda: without_a_cache(decoder, seen, prompts, words))
    different = sum(a != b for own, other in zip(answers, others, strict=True)
                    for a, b in zip(own, other, strict=True))  # fmt: skip
    count = sum(map(len, others))
    goal = GOAL if words > 10 else None
    return Row(
        f"{PROMPTS} answers, {case}", count / ours, count / peer, peer / ours, goal,
        different / count, "words/s", "small products: one token of each answer at a time",
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


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the shortest of some times, in seconds, and the result."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return min(times), result


if __name__ == "__main__":
    main()
