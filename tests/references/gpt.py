"""GPT-2 of transformers, tiny and without dropout, and how its weights map to ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPT2Model,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

V, C, D, L, H = 11, 9, 20, 3, 4  # vocabulary, context, width, layers, heads
NORMS = {"ln_1": "attention_norm", "ln_2": "feed_forward_norm"}
LINEARS = {
    "attn.c_attn": "query_key_value",
    "attn.c_proj": "attention_projection",
    "mlp.c_fc": "expansion",
    "mlp.c_proj": "feed_forward_projection",
}


def build(kind: type = GPT2LMHeadModel, **other: Any) -> nn.Module:
    """Build a GPT2Model or GPT2LMHeadModel of our sizes, or of others."""
    sizes = {"vocab_size": V, "n_positions": C, "n_embd": D, "n_layer": L, "n_head": H}
    off = {"resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0}
    special = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    return kind(GPT2Config(**(sizes | off | special | other)))


def perturbed(module: nn.Module) -> nn.Module:
    """Move all weights so far from their start that no mistake stays small."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module.eval()


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map the names one by one; Conv1D holds its matrix transposed."""
    theirs = {name.removeprefix("transformer."): w for name, w in theirs.items()}
    ours = {
        "token_embedding.weight": theirs["wte.weight"],
        "position_embedding.weight": theirs["wpe.weight"],
        "final_norm.weight": theirs["ln_f.weight"],
        "final_norm.bias": theirs["ln_f.bias"],
    }
    for layer in range(sum(name.endswith("ln_1.bias") for name in theirs)):
        for published, own in (NORMS | LINEARS).items():
            weight = theirs[f"h.{layer}.{published}.weight"]
            turned = weight.t() if published in LINEARS else weight
            ours[f"blocks.{layer}.{own}.weight"] = turned
            ours[f"blocks.{layer}.{own}.bias"] = theirs[f"h.{layer}.{published}.bias"]
    return ours


def read(module: nn.Module, tokens: Tensor) -> tuple[Tensor, list[Any]]:
    """Give logits, then keys and values; the bare GPT2Model gets its tied head."""
    found = module(tokens, use_cache=True)
    if isinstance(module, GPT2Model):
        logits = found.last_hidden_state @ module.wte.weight.T
    else:
        logits = found.logits
    layers = found.past_key_values.layers
    return logits, [(layer.keys, layer.values) for layer in layers]


def in_steps(module: Any, tokens: Tensor) -> tuple[Tensor, Any]:
    """Call a module token by token, by its `step`."""
    state, outputs = None, []
    for token in tokens.unbind(1):
        output, state = module.step(token, state)
        outputs.append(output)
    return torch.stack(outputs, dim=1), state


def in_chunks(module: nn.Module, tokens: Tensor) -> tuple[Tensor, Any]:
    """Call a module with one token, then three, then the rest."""
    state, outputs = None, []
    for chunk in tokens.split([1, 3, tokens.shape[1] - 4], dim=1):
        output, state = module(chunk, state)
        outputs.append(output)
    return torch.cat(outputs, dim=1), state


def weigh(logits: Tensor, temperature: float, top_k: int, top_p: float) -> Tensor:
    """Turn scores into probabilities as `generate` does, by its own warpers."""
    tokens = torch.zeros(len(logits), 1, dtype=torch.long)
    for warper in (
        TemperatureLogitsWarper(temperature),
        TopKLogitsWarper(top_k),
        TopPLogitsWarper(top_p),
    ):
        logits = warper(tokens, logits)
    return logits.softmax(-1)
