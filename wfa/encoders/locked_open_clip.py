"""What the locked image tower and the locked text tower of an open_clip model share."""

from dataclasses import dataclass

from wfa.encoders.models import open_clip
from wfa.encoders.towers import TowerConfig


@dataclass(frozen=True)
class OpenClipTowerConfig(TowerConfig):
    """`model` and `pretrained` as `encoder=open_clip` takes them.

    Attributes:
        model: A name that open_clip knows, `local-dir:DIR` or `hf-hub:OWNER/NAME`.
        pretrained: A tag of open_clip's or a checkpoint file; empty gives random weights.
    """

    model: str = "ViT-B-32"


def load_locked(options: TowerConfig) -> open_clip.OpenClip:
    """Load the model in evaluation mode; an empty name means the default one.

    Raises:
        ModelError: There is no such model or weights, or they do not go together.
    """
    config = open_clip.Config(options.model or OpenClipTowerConfig.model, options.pretrained)
    return open_clip.OpenClip(config).eval()
