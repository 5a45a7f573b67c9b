import torch

from tests.tasks.answering.toy import asked_of
from wfa.tasks.answering.train_heads import answer_all


def test_the_mean_image_tells_nothing_of_any_image() -> None:
    asked, heads = asked_of(6)
    mean = asked.seen.mean()
    assert mean.images.shape == (1, asked.seen.images.shape[1])
    assert mean.tokens.shape == (1, *asked.seen.tokens.shape[1:])
    torch.testing.assert_close(mean.images.norm(dim=1), torch.ones(1))
    expected = asked.seen.tokens.float().mean((0, 2, 3))
    torch.testing.assert_close(mean.tokens[0, :, 0, 0].float(), expected, rtol=1e-2, atol=1e-2)
    claims, _, _ = answer_all(heads, asked.beside(mean.repeated(6)))
    texts = asked.material.claims.text
    for text in set(texts.tolist()):
        same = claims[texts == text]
        assert abs(same - same[0]).max() < 1e-5  # the question alone decides


def test_another_image_is_looked_at_in_its_place() -> None:
    asked, heads = asked_of(6)
    order = torch.tensor([5, 0, 1, 2, 3, 4]).numpy()
    other = asked.seen.take(order)
    assert torch.equal(other.tokens, asked.seen.tokens[order])
    assert torch.equal(other.images[0], asked.seen.images[5])
    before, _, _ = answer_all(heads, asked)
    after, _, _ = answer_all(heads, asked.beside(other))
    assert (before != after).any()
    again, _, _ = answer_all(heads, asked)  # the questions keep their own images
    assert (before == again).all()
