"""The decoder: its loss by hand, what it may look at, and that it learns what it is taught."""

import math
from collections import Counter

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from wfa.data.instruction_tokens import (
    ANSWER,
    END,
    FIRST_PLACE,
    OWN_TOKENS,
    PAD,
    PLACES,
    UNKNOWN,
    stacked,
)
from wfa.model.decoder import Decoder

WORDS = range(OWN_TOKENS, OWN_TOKENS + 10)
LESSONS = stacked([[5, 6, ANSWER, 7, 8, 9, END], [10, ANSWER, 4, END], [6, ANSWER, 99, 5, END]])
"""The third answer holds a token that is not known."""
IMAGE = torch.tensor([1, 0, 1])


def build(vocabulary: int = 20, layers: int = 1) -> Decoder:
    torch.manual_seed(0)
    decoder = Decoder(3, 4, 16, layers, 2, 12, vocabulary)
    decoder.learn_words(Counter(dict.fromkeys(WORDS, 2)))
    return decoder


def seen(decoder: Decoder, images: int = 2) -> Tensor:
    cells = torch.randn(images, 3, 2, 2, generator=torch.Generator().manual_seed(1))
    return decoder.look(cells)


@torch.no_grad()
def naive(decoder: Decoder, image: Tensor, tokens: list[int]) -> tuple[float, int]:
    """One token at a time, from nothing but the tokens before it."""
    place = {int(token): at for at, token in enumerate(decoder.known.tolist())}
    total, count = 0.0, 0
    for at in range(tokens.index(ANSWER) + 1, len(tokens)):
        before = torch.tensor([tokens[:at]])
        last = torch.zeros_like(before, dtype=torch.bool)
        last[0, -1] = True
        words = decoder.next_words(image[None], before, last)[0]
        if tokens[at] in place:
            total, count = total - float(words[place[tokens[at]]]), count + 1
    return total, count


def test_the_loss_is_that_of_the_answers_tokens_one_by_one() -> None:
    decoder = build()
    images = seen(decoder)
    sums, counts = decoder.losses(images, LESSONS, IMAGE)
    sums = sums.detach()
    for row, tokens in enumerate(LESSONS.tolist()):
        own = [token for token in tokens if token != PAD]
        total, count = naive(decoder, images[IMAGE[row]], own)
        assert float(sums[row]) == pytest.approx(total, rel=1e-5)
        assert int(counts[row]) == count
    assert counts.tolist() == [4, 2, 2]


def test_an_answer_without_a_known_token_is_worth_nothing() -> None:
    decoder = build()
    unknown = torch.tensor([[5, ANSWER, 99], [6, ANSWER, 98]])
    sums, counts = decoder.losses(seen(decoder), unknown, torch.tensor([0, 1]))
    assert (sums.tolist(), counts.tolist()) == ([0.0, 0.0], [0, 0])


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_reading_at_some_places_is_reading_everywhere(layers: int) -> None:
    decoder = build(layers=layers)
    generator = torch.Generator().manual_seed(3)
    text = torch.randint(OWN_TOKENS, OWN_TOKENS + 10, (5, 9), generator=generator)
    at = torch.rand(5, 9, generator=generator) < torch.tensor([[0.0], [0.2], [0.5], [0.8], [1.0]])
    words = functional.embedding(decoder._places(text), decoder.words) * 16**0.5
    images = seen(decoder, 5)
    everywhere = decoder.layers(images, words + decoder.positions[:9])[at] @ decoder.words.T
    silent = [PAD, ANSWER, UNKNOWN, *range(OWN_TOKENS + 10, 20)]
    everywhere[:, silent] = -torch.inf
    expected = functional.log_softmax(everywhere, dim=-1)
    torch.testing.assert_close(decoder.next_words(images, text, at), expected)


def test_cells_begin_as_where_they_are() -> None:
    cells = Decoder(3, 16, 16, 1, 2, 12, 20).cells.detach().view(4, 4, 16)
    across, down = cells[..., :8], cells[..., 8:]
    torch.testing.assert_close(across, across[:1].expand(4, 4, 8))
    torch.testing.assert_close(down, down[:, :1].expand(4, 4, 8))
    torch.testing.assert_close(across[0], down[:, 0])
    # The slowest cosine runs from one side to the other and tells all places apart.
    slowest = across[0, :, 4]
    torch.testing.assert_close(slowest, 0.7 * torch.cos(torch.pi * torch.tensor([1, 3, 5, 7]) / 8))


def test_instructions_of_any_length_keep_their_order() -> None:
    decoder = build()
    images = seen(decoder)
    answers = [[7] * (1 + row % 7) for row in range(150)]
    instructions = stacked([[5, ANSWER, *answer, END] for answer in answers])
    image = torch.arange(150) % 2
    sums, counts = decoder.losses(images, instructions, image)
    assert counts.tolist() == [len(answer) + 1 for answer in answers]
    for row in (0, 77, 149):
        alone = decoder.losses(images, instructions[row : row + 1], image[row : row + 1])[0]
        torch.testing.assert_close(sums[row], alone[0])


def test_a_later_token_leaves_what_stands_before_it() -> None:
    decoder = build(layers=2)
    text = torch.tensor([[5, 6, ANSWER, 7, 8]])
    changed = text.clone()
    changed[0, 3] = 9
    everywhere = torch.ones_like(text, dtype=torch.bool)
    image = seen(decoder, 1)
    first = decoder.next_words(image, text, everywhere)
    second = decoder.next_words(image, changed, everywhere)
    torch.testing.assert_close(first[:3], second[:3])
    assert not torch.allclose(first[3], second[3])


def test_the_instruction_and_padding_are_no_part_of_the_loss() -> None:
    decoder = build()
    images = seen(decoder, 1)
    image = torch.zeros(1, dtype=torch.int64)
    short = decoder.losses(images, torch.tensor([[5, 6, ANSWER, 7, END]]), image)
    padded = decoder.losses(images, torch.tensor([[5, 6, ANSWER, 7, END, PAD, PAD]]), image)
    torch.testing.assert_close(short, padded)
    assert int(short[1]) == 2


def test_only_known_words_are_written_and_they_sum_to_one() -> None:
    decoder = build()
    text = torch.tensor([[5, ANSWER]])
    words = decoder.next_words(seen(decoder, 1), text, text == ANSWER)
    assert float(words.detach().exp().sum()) == pytest.approx(1.0, rel=1e-5)
    possible = decoder.known[torch.isfinite(words[0])].tolist()
    assert possible == [END, *WORDS]


def test_a_small_vocabulary_keeps_the_most_frequent() -> None:
    decoder = Decoder(3, 4, 16, 1, 2, 12, OWN_TOKENS + 2)
    decoder.learn_words(Counter({50: 1, 40: 3, 60: 3, 30: 2}))
    assert decoder.known.tolist() == [*range(OWN_TOKENS), 40, 60]


def test_places_begin_as_the_waves_of_the_cells_that_lie_there() -> None:
    decoder = Decoder(3, 16, 16, 1, 2, 12, OWN_TOKENS + 200)
    decoder.learn_words(Counter({50: 9, **{FIRST_PLACE + percent: 1 for percent in range(101)}}))
    words = decoder.words.detach()[decoder.known >= FIRST_PLACE][:101]
    side = 4
    cells = decoder.cells.detach().view(side, side, 16)
    at = torch.tensor([12, 37, 62, 87])  # the middles of the cells, nearly
    torch.testing.assert_close(
        words[at, :8] / words[at, :8].norm(dim=1, keepdim=True),
        cells[0, :, :8] / cells[0, :, :8].norm(dim=1, keepdim=True), atol=0.1, rtol=0,
    )  # fmt: skip
    likeness = (words @ words.T)[50]
    assert (likeness[38:51].diff() > 0).all()  # nearer places are more alike
    assert (likeness[50:63].diff() < 0).all()


def test_all_places_are_known_once_one_is_and_keep_what_they_learned() -> None:
    counts = Counter({50: 9, 60: 1, 70: 8, FIRST_PLACE + 3: 1})
    decoder = Decoder(3, 4, 16, 1, 2, 12, OWN_TOKENS + 2 + PLACES)
    decoder.learn_words(counts)
    places = [FIRST_PLACE + percent for percent in range(PLACES)]
    assert decoder.known.tolist() == [*range(OWN_TOKENS), 50, 70, *places]
    trained = torch.randn(decoder.words.shape)
    with torch.no_grad():
        decoder.words.copy_(trained)
    decoder.learn_words(counts)
    torch.testing.assert_close(decoder.words.detach(), trained)


def with_places() -> Decoder:
    torch.manual_seed(0)
    decoder = Decoder(3, 4, 16, 1, 2, 12, OWN_TOKENS + PLACES + 2)
    decoder.learn_words(Counter({5: 1, 6: 1, FIRST_PLACE: 1}))
    return decoder


@torch.no_grad()
def test_of_a_place_those_beside_it_are_nearly_right() -> None:
    decoder, prompt = with_places(), torch.tensor([[5, ANSWER]])
    image = seen(decoder, 1)
    words = decoder.next_words(image, prompt, prompt == ANSWER)[0, -PLACES:].tolist()
    for percent, wide in ((0, 1e-3), (2, 1.0), (37, 3.0), (100, 1e-3)):
        answer = torch.tensor([[5, ANSWER, FIRST_PLACE + percent]])
        bell = [math.exp(-(((place - percent) / wide) ** 2) / 2) for place in range(PLACES)]
        wanted = -sum(a * b for a, b in zip(bell, words, strict=True)) / sum(bell)
        sums, counts = decoder.losses(image, answer, torch.tensor([0]))
        assert float(sums) == pytest.approx(wanted, rel=1e-5)
        assert counts.tolist() == [1]


@torch.no_grad()
def test_of_many_likely_places_the_median_is_written() -> None:
    decoder, prompt = with_places(), torch.tensor([[5, ANSWER]])
    decoder.words[decoder.known < FIRST_PLACE] *= 0.1
    decoder.words[-PLACES:] *= 0.1
    image = seen(decoder, 1)
    words = decoder.next_words(image, prompt, prompt == ANSWER)[0]
    likely = words[-PLACES:].exp().tolist()
    median = next(at for at in range(PLACES) if sum(likely[: at + 1]) >= sum(likely) / 2)
    assert int(words.argmax()) >= len(words) - PLACES
    assert likely.index(max(likely)) != median
    assert decoder.write(image, prompt, 1) == [[FIRST_PLACE + median]]


def test_every_parameter_learns() -> None:
    decoder = build(layers=2)
    torch.autograd.backward(decoder.losses(seen(decoder), LESSONS, IMAGE)[0].sum())
    for name, parameter in decoder.named_parameters():
        assert parameter.grad is not None, name
        assert float(parameter.grad.abs().sum()) > 0, name


def test_what_was_learned_by_heart_is_written_again() -> None:
    decoder = build(layers=2)
    cells = torch.randn(3, 3, 2, 2, generator=torch.Generator().manual_seed(2))
    answers = [[7], [8, 9, 7], [4, 4, 5, 6]]
    instructions = stacked([[5, 6, ANSWER, *answer, END] for answer in answers])
    optimiser = torch.optim.Adam(decoder.parameters(), 1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        torch.autograd.backward(
            decoder.losses(decoder.look(cells), instructions, torch.arange(3))[0].sum()
        )
        optimiser.step()
    prompts = torch.tensor([[5, 6, ANSWER]] * 3)
    assert decoder.write(decoder.look(cells), prompts, 9) == answers
    # The image decides: the same prompt, another image, another answer.
    assert decoder.write(decoder.look(cells[[2, 0]]), prompts[:2], 9) == [answers[2], answers[0]]
    assert decoder.write(decoder.look(cells), prompts, 2) == [[7], [8, 9], [4, 4]]


def test_an_answer_ends_with_the_context() -> None:
    decoder = build()
    with torch.no_grad():
        decoder.words[2] = -5 * decoder.words.sum(0)  # END is unlikely
    written = decoder.write(seen(decoder, 1), torch.tensor([[5, ANSWER]]), 100)
    assert len(written[0]) <= 12 - 2 + 1


@torch.no_grad()
def without_a_cache(decoder: Decoder, image: Tensor, prompt: list[int], most: int) -> list[int]:
    """Send the whole text through the layers again for every word."""
    text = list(prompt)
    for _ in range(min(most, decoder.context_length - len(prompt) + 1)):
        tokens = torch.tensor([text])
        last = torch.zeros_like(tokens, dtype=torch.bool)
        last[0, -1] = True
        word = int(decoder.known[decoder.next_words(image[None], tokens, last).argmax()])
        if word == END:
            break
        text.append(word)
    return text[len(prompt) :]


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("most", [1, 4, 50])
def test_what_was_read_is_kept_and_the_words_stay_the_same(layers: int, most: int) -> None:
    decoder = build(layers=layers)
    with torch.no_grad():  # so that some answers end early
        decoder.words[END] *= 4
    generator = torch.Generator().manual_seed(5)
    prompts = torch.randint(OWN_TOKENS, OWN_TOKENS + 10, (24, 4), generator=generator)
    prompts[:, -1] = ANSWER
    images = seen(decoder, 24)
    expected = [
        without_a_cache(decoder, images[row], prompts[row].tolist(), most) for row in range(24)
    ]
    assert decoder.write(images, prompts, most) == expected
    assert most < 50 or len({len(answer) for answer in expected}) > 1
