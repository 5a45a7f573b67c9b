"""A CLIP of a few million parameters, to train from scratch on a CPU."""

from dataclasses import asdict, dataclass, field
from typing import Any

from open_clip.model import CLIP, set_model_preprocess_cfg
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transform import PreprocessCfg

from wfa.data.channels import Channels
from wfa.encoders.clip_encoder import ClipEncoder
from wfa.encoders.sensor_towers import SensorConfig
from wfa.errors import ConfigError


@dataclass(frozen=True)
class Config(SensorConfig):
    """Sizes of both towers, and the options for sensors.

    Attributes:
        image_size: Height and width of the images, in pixels.
        image_tower: `resnet` (CLIP's modified ResNet), `vit`, or any timm architecture. A ResNet
            learns fastest from little data.
        patch_size: Side of a patch of `vit`, in pixels.
        image_width: Width of `vit`, or of the first stage of `resnet`.
        image_layers: Blocks of `vit`, or of each of the four stages of `resnet`.
        text_width: Width of the text tower.
        text_layers: Blocks of the text tower.
        context_length: Most tokens of a text.
        embed_dim: Width of both towers' features.
    """

    image_size: int = field(default=64, metadata={"at_least": 1})
    image_tower: str = "resnet"
    patch_size: int = field(default=8, metadata={"at_least": 1})
    image_width: int = field(default=24, metadata={"at_least": 1})
    image_layers: int = field(default=1, metadata={"at_least": 1})
    text_width: int = field(default=128, metadata={"at_least": 1})
    text_layers: int = field(default=2, metadata={"at_least": 1})
    context_length: int = field(default=40, metadata={"at_least": 1})
    embed_dim: int = field(default=128, metadata={"at_least": 1})


class Small(ClipEncoder):
    """Both towers with random weights; exports as an open_clip checkpoint."""

    def __init__(self, options: Config, channels: Channels | None = None) -> None:
        """Build the towers.

        Raises:
            ConfigError: Sizes that do not go together, or an option for sensors is wrong.
        """
        config = _model_config(options)
        tokenizer = SimpleTokenizer(context_length=options.context_length)
        try:
            model = CLIP(**config)
        except (ValueError, AssertionError, RuntimeError) as error:
            raise ConfigError(f"encoder=small cannot be built from {options}: {error}") from error
        preprocess = {**asdict(PreprocessCfg()), "size": options.image_size}
        set_model_preprocess_cfg(model, preprocess)
        super().__init__(model, tokenizer, config, options, channels)


def _model_config(options: Config) -> dict[str, Any]:
    """Return open_clip's `model_cfg`."""
    vision: dict[str, Any] = {"image_size": options.image_size}
    if options.image_tower == "vit":
        vision |= {
            "patch_size": options.patch_size,
            "width": options.image_width,
            "layers": options.image_layers,
            "head_width": 32,
        }
    elif options.image_tower == "resnet":
        vision |= {
            "layers": [options.image_layers] * 4,
            "width": options.image_width,
            "head_width": 32,
        }
    else:
        vision |= {"timm_model_name": options.image_tower, "timm_pool": "avg"}
    text = {
        "context_length": options.context_length,
        "width": options.text_width,
        "layers": options.text_layers,
        "heads": options.text_width // 32,
    }
    return {"embed_dim": options.embed_dim, "vision_cfg": vision, "text_cfg": text}
