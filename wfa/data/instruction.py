"""An instruction: what a decoder is asked of an image, and what is right.

A place along an image's side is written `<33%>`, a whole percent of it, as in Chen et al. 2022,
"Pix2seq" (arXiv:2109.10852): four of them are a box.
"""

from typing import NamedTuple

DESCRIBE = "Describe the image."


class Instruction(NamedTuple):
    """What a decoder is asked of an image and what is right.

    Attributes:
        topic: The kind of question; all kinds are drawn alike.
        question: What is asked.
        answer: What is right.
    """

    topic: str
    question: str
    answer: str


def place(percent: int) -> str:
    """Return how a place, 0 to 100 percent of an image's side, stands in a text."""
    return f"<{percent}%>"
