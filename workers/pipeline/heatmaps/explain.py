"""Word heat maps by cross-attention and by Grad-CAM, from one pass over the finished caption.

Both feed the caption to the decoder as it stands (teacher forcing). The place in the sequence that
belongs to a word is the one that *predicts* each of its tokens: what the decoder looked at when it
chose the word, not when it read it back.

Attention shows where the decoder looked, which is not proof of what decided; and the fuse step has
mixed the image tokens by then, so a token also knows of its neighbours. Grad-CAM asks what the word
depends on, at the encoder's own grid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from workers.pipeline.captioner import Captioner, PreparedPhoto
from workers.pipeline.contract import CaptionRequest
from workers.pipeline.errors import InferenceError, PipelineError, RequestError
from workers.pipeline.heatmaps.grids import (
    Box,
    TokenGrid,
    covered_boxes,
    lay_together,
    token_grids,
    union,
)
from workers.pipeline.heatmaps.slopes import differentiable
from workers.pipeline.heatmaps.words import Word, words_of
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.precision import autocast


@dataclass(frozen=True)
class WordMap:
    """One word, `caption[start:end]`, and its map.

    `grid` holds rows from top to bottom, each from left to right; its values are at least 0 and sum
    to 1, or are all 0 where Grad-CAM finds nothing that speaks for the word.
    """

    text: str
    start: int
    end: int
    grid: list[list[float]]


@dataclass(frozen=True)
class Explanation:
    """The maps of a caption's words in reading order.

    `box` is what the grids cover of the upright photo: left, top, right, bottom in fractions.
    """

    method: str
    box: Box
    words: tuple[WordMap, ...]


def explain(
    captioner: Captioner, photo: bytes, text: str, language: str, method: str = "attention"
) -> Explanation:
    """Where `captioner` looks in `photo` for each word of `text`, whoever wrote it.

    Deterministic. Raises `RequestError` for an unknown method or language, for a text without words
    and for a captioner whose image tokens have no places, `PhotoError` for unreadable bytes and
    `InferenceError` where the network computes no finite numbers.
    """
    _require(captioner, language, method)
    prepared = captioner.pre(CaptionRequest(photo))
    if isinstance(prepared, PipelineError):
        raise prepared
    ids, words = words_of(text, language, captioner.tokenizer, captioner.config.decoder.max_tokens)
    if not words:
        raise RequestError("This caption has no words to look for.")
    sizes = [encoder.preprocess for encoder in captioner.config.encoders]
    grids = token_grids(captioner.network, covered_boxes(photo, sizes))
    if not grids:
        raise RequestError("The image tokens of this captioner have no places in the picture.")
    # As `Captioner.caption` runs: on a GPU the decoder's bf16 or fp16 matrices take nothing else.
    with autocast(captioner.device, captioner.dtype):
        parts = METHODS[method](captioner, prepared, ids, words, grids)
    box = union([grid.box for grid in grids])
    laid = [lay_together(grids, part, box) for part in parts]
    return Explanation(method, box, tuple(map(_word_map, words, laid)))


def _require(captioner: Captioner, language: str, method: str) -> None:
    if method not in METHODS:
        raise RequestError(f"Unknown method {method!r}: choose {', '.join(METHODS)}.")
    if language not in captioner.languages:
        spoken = ", ".join(captioner.languages)
        raise RequestError(f"This captioner does not speak {language!r}: choose {spoken}.")


def _word_map(word: Word, grid: torch.Tensor) -> WordMap:
    total = grid.sum()
    if not total.isfinite():  # JSON has no NaN, and nobody could read it
        raise InferenceError("The captioner computed no finite map of this caption.")
    shares = grid / total if total > 0 else grid
    return WordMap(word.text, word.start, word.end, shares.tolist())


def by_attention(
    captioner: Captioner,
    prepared: PreparedPhoto,
    ids: Sequence[int],
    words: Sequence[Word],
    grids: Sequence[TokenGrid],
) -> list[list[torch.Tensor]]:
    """Per word and grid the cross-attention [side, side], averaged over layers and heads.

    The weights of a word are summed over its tokens.
    """
    network = captioner.network
    with torch.inference_mode():
        memory = network.encode(*_batch(captioner, prepared))
        _logits, attentions = _read(network, ids, memory)
        # [layers, heads, T, S] to [T, S]; each row sums to 1 over the image tokens.
        looked = torch.cat(attentions).float().mean(dim=(0, 1)).cpu()
    weights = [looked[[place - 1 for place in word.tokens]].sum(dim=0) for word in words]
    return [[grid.cut(weight) for grid in grids] for weight in weights]


def by_grad_cam(
    captioner: Captioner,
    prepared: PreparedPhoto,
    ids: Sequence[int],
    words: Sequence[Word],
    grids: Sequence[TokenGrid],
) -> list[list[torch.Tensor]]:
    """Per word and grid ReLU(sum over c of alpha_c A_c) (Selvaraju et al. 2017), [side, side].

    A is the encoder's grid of tokens with channels c, alpha_c the mean over the grid of the
    gradient of the word's log-probability (summed over its tokens) with respect to A_c.
    """
    network = captioner.network
    with torch.no_grad():
        features = network.trunks(*_batch(captioner, prepared))
        groups = [
            group.detach()
            for encoder, batch in zip(network.vision_encoders(), features, strict=True)
            for group in encoder.head(batch)
        ]
    with torch.enable_grad(), differentiable(network.decoder):
        groups = [group.requires_grad_() for group in groups]
        logits, _attentions = _read(network, ids, network.fuse(groups))
        said = logits[0].float().log_softmax(dim=-1)
        maps = []
        for word in words:
            score = torch.stack([said[place - 1, ids[place]] for place in word.tokens]).sum()
            slopes = torch.autograd.grad(score, groups, retain_graph=True)
            maps.append([_cam(grid, groups[grid.group], slopes[grid.group]) for grid in grids])
    return maps


def _cam(grid: TokenGrid, tokens: torch.Tensor, slopes: torch.Tensor) -> torch.Tensor:
    """Tokens and gradients [1, count, channels] to the class activation map [side, side]."""
    activation, slope = tokens[0, -grid.count :].detach(), slopes[0, -grid.count :]
    cam = (activation * slope.mean(dim=0)).sum(dim=-1).relu()
    return cam.view(grid.side, grid.side).float().cpu()


def _batch(captioner: Captioner, prepared: PreparedPhoto) -> tuple[list[torch.Tensor], list]:
    return [part[None].to(captioner.device) for part in prepared.pixels], [prepared.facts]


def _read(
    network: CaptionNetwork, ids: Sequence[int], memory: torch.Tensor
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """The caption against image tokens [1, S, width]: logits [1, T, V], weights [1, heads, T, S].

    Fused attention kernels give no weights, so this is the plain forward pass of `transformers`,
    which nothing else here uses.
    """
    gpt2 = network.decoder.gpt2
    gpt2.set_attn_implementation("eager")
    tokens = torch.tensor([ids[:-1]], device=memory.device)
    result = gpt2(
        input_ids=tokens, encoder_hidden_states=memory, output_attentions=True, use_cache=False
    )
    return result.logits, result.cross_attentions


Maps = Callable[
    [Captioner, PreparedPhoto, Sequence[int], Sequence[Word], Sequence[TokenGrid]],
    list[list[torch.Tensor]],
]
METHODS: dict[str, Maps] = {"attention": by_attention, "grad-cam": by_grad_cam}
