"""Tiny pretrained directories in the layouts of `transformers`, with random weights."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModel,
    ConvNextConfig,
    ConvNextModel,
    DeiTConfig,
    DeiTModel,
    Dinov2Config,
    Dinov2Model,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)

from tests.workers.tiny import COLOURS, PATTERNS

TOWER = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
EYE = {**TOWER, "image_size": 32, "patch_size": 16}
GPT2 = {
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 2,
    "n_positions": 64,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


def vision_model(kind: str) -> PreTrainedModel:
    """A tiny vision network, the same every time."""
    text = {**TOWER, "vocab_size": 99, "max_position_embeddings": 16}
    stages = {"hidden_sizes": [8, 16], "depths": [1, 1]}
    makers = {
        "vit": lambda: ViTModel(ViTConfig(**EYE)),
        "vit-classifier": lambda: ViTForImageClassification(ViTConfig(**EYE)),
        "deit": lambda: DeiTModel(DeiTConfig(**EYE)),
        "dinov2": lambda: Dinov2Model(Dinov2Config(**EYE)),
        "clip": lambda: CLIPModel(CLIPConfig(vision_config=EYE, text_config=text)),
        "clip-vision": lambda: CLIPVisionModel(CLIPVisionConfig(**EYE)),
        "resnet": lambda: ResNetForImageClassification(
            ResNetConfig(embedding_size=8, layer_type="basic", **stages)
        ),
        "convnext": lambda: ConvNextModel(ConvNextConfig(num_stages=2, **stages)),
    }
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = makers[kind]().eval()
        for name, buffer in model.named_buffers():
            if "running" in name:
                buffer.uniform_(0.5, 1.5)
    return model


def vision_directory(directory: Path, kind: str = "vit") -> Path:
    """Save `vision_model` as a source."""
    vision_model(kind).save_pretrained(directory)
    return directory


def gpt2_directory(
    directory: Path,
    kind: type[PreTrainedModel] = GPT2LMHeadModel,
    steps: int = 0,
    **changes: object,
) -> Path:
    """A tiny GPT-2 with a byte-level BPE tokenizer of its own, trained for `steps` steps."""
    directory.mkdir(parents=True, exist_ok=True)
    size = gpt2_tokenizer(directory / "tokenizer.json")
    with torch.random.fork_rng():
        torch.manual_seed(6)
        config = GPT2Config(**{"vocab_size": size, **GPT2, **changes})
        model = kind(config)
        learn_sentences(model, directory / "tokenizer.json", steps)
        model.save_pretrained(directory)
    return directory


def learn_sentences(model: PreTrainedModel, tokenizer: Path, steps: int) -> None:
    """Teach a language model the tiny captioner's sentences, one after another."""
    text = ", ".join(pattern.format(colour) for pattern in PATTERNS for colour in COLOURS)
    ids = torch.tensor(Tokenizer.from_file(str(tokenizer)).encode(text).ids).unfold(0, 32, 8)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        model(ids, labels=ids).loss.backward()
        optimizer.step()


def gpt2_tokenizer(path: Path) -> int:
    """Write a tokenizer as GPT-2's: no space before the first word, <|endoftext|> its only token.

    Returns its size.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [pattern.format(colour) for pattern in PATTERNS for colour in COLOURS]
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(path))
    return int(tokenizer.get_vocab_size())


def diffusion_directory(directory: Path) -> Path:
    """A tiny latent diffusion model laid out as diffusers does: vae, unet, text encoder."""
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

    size = prompt_tokenizer(directory / "tokenizer")
    ends = {"bos_token_id": size - 2, "eos_token_id": size - 1}
    text = CLIPTextConfig(**TOWER, vocab_size=size, max_position_embeddings=8, **ends)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        AutoencoderKL(
            block_out_channels=(8, 8),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            latent_channels=4,
            norm_num_groups=4,
        ).save_pretrained(directory / "vae")
        UNet2DConditionModel(
            sample_size=16,
            block_out_channels=(8, 16),
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            layers_per_block=1,
            cross_attention_dim=16,
            attention_head_dim=4,
            norm_num_groups=4,
        ).save_pretrained(directory / "unet")
        CLIPTextModel(text).save_pretrained(directory / "text_encoder")
    DDIMScheduler().save_pretrained(directory / "scheduler")
    return directory


def prompt_tokenizer(directory: Path) -> int:
    """Save a CLIP tokenizer that spells letter by letter; returns its size."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = [
        *letters,
        *(f"{letter}</w>" for letter in letters),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    CLIPTokenizer(vocab=vocabulary, merges=[]).save_pretrained(directory)
    return len(tokens)
