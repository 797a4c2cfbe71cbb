"""Warm start: take from an earlier captioner every weight that fits the new network."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import SPECIAL_TOKENS, CaptionTokenizer
from workers.pipeline.weights import TIED, TOKENIZER_FILE, WEIGHTS_FILE, require_files
from workers.training.errors import TrainingError

EMBEDDING = "decoder.gpt2.transformer.wte.weight"


@torch.no_grad()
def warm_start(network: CaptionNetwork, tokenizer: CaptionTokenizer, directory: Path) -> int:
    """Copy weights of the same name and shape; returns how many tensors were taken.

    A tensor that only grew along its first axis (an encoder or a position more) keeps its
    beginning. Embeddings follow the tokens' spelling; a token that the earlier tokenizer lacks
    starts at the mean of the pieces it was spelled with. Raises `ModelError` or `TrainingError`
    for a directory that cannot be read or has nothing in common.
    """
    require_files(directory)
    try:
        source = load_file(directory / WEIGHTS_FILE)
    except (SafetensorError, OSError) as error:
        raise TrainingError(f"{directory / WEIGHTS_FILE} cannot be read: {error}.") from error
    taken, frozen = 0, _frozen_names(network)
    for name, target in network.state_dict().items():
        found = source.get(name)
        if (
            name in (EMBEDDING, TIED)
            or name in frozen
            or found is None
            or found.shape[1:] != target.shape[1:]
        ):
            continue
        if found.ndim == 0 or len(found) > len(target):
            continue
        target[: len(found)] = found
        taken += 1
    if EMBEDDING in source and source[EMBEDDING].shape[1] == network.config.decoder.width:
        earlier = CaptionTokenizer.load(directory / TOKENIZER_FILE)
        _embed(network, tokenizer, earlier, source[EMBEDDING].float())
        taken += 1
    if not taken:
        raise TrainingError(f"No weight of {directory} fits this network.")
    return taken


def _frozen_names(network: CaptionNetwork) -> set[str]:
    """Trunks are left alone: stored in half precision they differ from the cached features."""
    trunks = {id(p) for encoder in network.vision_encoders() for p in encoder.trunk_parameters()}
    return {name for name, parameter in network.named_parameters() if id(parameter) in trunks}


def _embed(
    network: CaptionNetwork,
    tokenizer: CaptionTokenizer,
    earlier: CaptionTokenizer,
    embedding: torch.Tensor,
) -> None:
    target = network.decoder.gpt2.transformer.wte.weight
    known = earlier.tokenizer.get_vocab()
    for token, number in tokenizer.tokenizer.get_vocab().items():
        if token in known:
            pieces = [known[token]]
        elif token in SPECIAL_TOKENS:
            continue
        else:
            # The BPE model takes the byte-level spelling that vocabularies are written in.
            pieces = [piece.id for piece in earlier.tokenizer.model.tokenize(token)]
        if pieces:
            target[number] = embedding[pieces].mean(dim=0)
