"""Prompts: the caption tokenizer in the form Stable Diffusion keeps one, and its text encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, normalizers, processors
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

from workers.pipeline.tokens import END, LANGUAGE_TOKENS, PAD, CaptionTokenizer, normalise_caption
from workers.training.latent.config import DenoiserSection

LANGUAGE = "en"


class PromptTokenizer:
    """Prompts to ids of one length, [language, tokens..., end, padding...], without a mask.

    Stable Diffusion's pipelines mask no padding either, so the network learns to see past it.
    """

    def __init__(self, captions: CaptionTokenizer, max_tokens: int) -> None:
        self.captions, self.max_tokens = captions, max_tokens

    def encode(self, prompts: Sequence[str]) -> torch.Tensor:
        """Prompts to ids [prompts, max_tokens]."""
        rows = [self.captions.encode(p, LANGUAGE, self.max_tokens - 1) for p in prompts]
        pad = self.captions.pad
        return torch.tensor([[*row, *[pad] * (self.max_tokens - len(row))] for row in rows])

    @property
    def empty(self) -> torch.Tensor:
        """The ids of the empty prompt, [max_tokens]."""
        return self.encode([""])[0]

    def portable(self) -> PreTrainedTokenizerFast:
        """The same tokenizer as `transformers` saves and loads one."""
        tokenizer = Tokenizer.from_str(self.captions.tokenizer.to_str())
        start = LANGUAGE_TOKENS[LANGUAGE]
        # What `normalise_caption` does, in the tokenizer's own terms.
        tokenizer.normalizer = normalizers.Sequence(
            [
                normalizers.Lowercase(),
                normalizers.Replace(Regex(r"\s+"), " "),
                normalizers.Replace(Regex(r"\s+(?=[,.;:!?%])"), ""),
                normalizers.Replace(Regex(r"[\s.!?]+$"), ""),
                normalizers.Strip(),
            ]
        )
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{start} $A {END}",
            special_tokens=[
                (start, self.captions.languages[LANGUAGE]),
                (END, self.captions.end),
            ],
        )
        return PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            bos_token=start,
            eos_token=END,
            pad_token=PAD,
            model_max_length=self.max_tokens,
        )


def learn_tokenizer(
    path: Path, captions: Sequence[str], settings: DenoiserSection
) -> CaptionTokenizer:
    """The caption tokenizer of this run: read from `path`, or learned and written there."""
    if path.is_file():
        return CaptionTokenizer.load(path)
    learned = CaptionTokenizer.train(
        (normalise_caption(text) for text in captions), settings.vocabulary
    )
    learned.save(path)
    return learned


def build_text_encoder(settings: DenoiserSection, tokenizer: CaptionTokenizer) -> CLIPTextModel:
    """A small CLIP text model with random weights."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=tokenizer.vocabulary,
            hidden_size=settings.text_width,
            intermediate_size=4 * settings.text_width,
            num_hidden_layers=settings.text_layers,
            num_attention_heads=settings.text_heads,
            max_position_embeddings=settings.max_tokens,
            bos_token_id=tokenizer.languages[LANGUAGE],
            eos_token_id=tokenizer.end,
            pad_token_id=tokenizer.pad,
        )
    )
