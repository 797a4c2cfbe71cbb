"""What a training step minimises: cross-entropy, or self-critical reward mixed with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer, normalise_caption
from workers.training.batches import Batch
from workers.training.config import TrainingConfig
from workers.training.errors import TrainingError
from workers.training.metrics import words
from workers.training.mixture import TrainingPhoto
from workers.training.optim import caption_loss
from workers.training.reward import CiderReward
from workers.training.views import is_flipped, mirror_caption


class Objective(Protocol):
    """A batch to a loss with gradients."""

    def loss(self, network: CaptionNetwork, batch: Batch) -> torch.Tensor:
        """The scalar to minimise."""
        ...


class CrossEntropy:
    """Label-smoothed cross-entropy of the human captions."""

    def __init__(self, config: TrainingConfig, tokenizer: CaptionTokenizer) -> None:
        self.smoothing = config.train.label_smoothing
        self.pad = tokenizer.pad

    def loss(self, network: CaptionNetwork, batch: Batch) -> torch.Tensor:
        """Mean over the tokens that are not padding."""
        return self.of(network, network.image_tokens(batch.features), batch)

    def of(self, network: CaptionNetwork, memory: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The same where the image tokens are there already."""
        logits = network.decoder(batch.ids[:, :-1], network.decoder.begin(memory))
        return caption_loss(logits, batch.ids[:, 1:], self.pad, self.smoothing)


class SelfCritical:
    """Policy gradient on CIDEr-D, each sample against the mean of the photo's other samples.

    Rennie et al., "Self-critical Sequence Training for Image Captioning", 2017; the leave-one-out
    baseline is that of Luo, "A Better Variant of Self-Critical Sequence Training", 2020.
    """

    def __init__(
        self,
        config: TrainingConfig,
        tokenizer: CaptionTokenizer,
        photos: Sequence[TrainingPhoto],
    ) -> None:
        self.settings = config.self_critical
        if self.settings.samples < 2:
            raise TrainingError("Self-critical training needs at least 2 samples a photo.")
        self.longest = min(config.model.decoder.max_tokens, self.settings.longest)
        self.tokenizer = tokenizer
        self.cross_entropy = CrossEntropy(config, tokenizer)
        self.banned = torch.tensor(tokenizer.never_generated)
        languages = {language for photo in photos for language in photo.captions}
        self.rewards = {
            language: CiderReward(
                {
                    photo.file: [caption_words(text, language) for text in photo.captions[language]]
                    for photo in photos
                    if language in photo.captions
                }
            )
            for language in sorted(languages)
        }

    def loss(self, network: CaptionNetwork, batch: Batch) -> torch.Tensor:
        """Reward loss plus `cross_entropy` times the ordinary loss."""
        memory = network.image_tokens(batch.features)
        device = batch.ids.device
        start = torch.tensor([self.tokenizer.languages[n] for n in batch.languages], device=device)
        sampled = self._sample(network, memory.detach(), start)
        advantages = self._advantages(sampled, batch).to(device)
        inputs = torch.cat((start.repeat_interleave(self.settings.samples)[:, None], sampled), 1)
        logits = network.decoder(inputs[:, :-1], network.decoder.begin(memory)).float()
        logits[..., self.banned.to(device)] = -torch.inf
        chosen = (logits / self.settings.temperature).log_softmax(-1)
        chosen = chosen.gather(2, sampled[..., None])[..., 0]
        spoken = sampled != self.tokenizer.pad
        gain = (chosen.masked_fill(~spoken, 0.0).sum(1) * advantages).sum() / spoken.sum()
        loss = -gain
        if self.settings.cross_entropy:
            loss = loss + self.settings.cross_entropy * self.cross_entropy.of(
                network, memory, batch
            )
        return loss

    @torch.no_grad()
    def _sample(
        self, network: CaptionNetwork, memory: torch.Tensor, start: torch.Tensor
    ) -> torch.Tensor:
        """Samples [B * samples, T], padded after their end."""
        count = self.settings.samples
        state = network.decoder.begin(memory)
        tokens = start.repeat_interleave(count)
        banned = self.banned.to(tokens.device)
        open_rows = torch.ones(len(tokens), dtype=torch.bool, device=tokens.device)
        found = []
        for _ in range(self.longest):
            scores = network.decoder.step(tokens, state) / self.settings.temperature
            scores[:, banned] = -torch.inf
            tokens = torch.multinomial(scores.softmax(-1), 1)[:, 0]
            found.append(tokens.masked_fill(~open_rows, self.tokenizer.pad))
            open_rows &= tokens != self.tokenizer.end
            if not open_rows.any():
                break
        return torch.stack(found, dim=1)

    def _advantages(self, sampled: torch.Tensor, batch: Batch) -> torch.Tensor:
        count = self.settings.samples
        scores = [
            self._reward(ids, batch, row // count) for row, ids in enumerate(sampled.tolist())
        ]
        rewards = torch.tensor(scores).unflatten(0, (-1, count))
        others = (rewards.sum(1, keepdim=True) - rewards) / (count - 1)
        return (rewards - others).flatten()

    def _reward(self, ids: list[int], batch: Batch, index: int) -> float:
        photo, language = batch.photos[index], batch.languages[index]
        reward = self.rewards[language]
        said = caption_words(self.tokenizer.decode(ids, language), language)
        if self.tokenizer.end not in ids:
            # A caption that never ends is worth nothing, however good its beginning.
            return 0.0
        if not is_flipped(batch.views[index]):
            return reward.score(photo.file, said)
        mirrored = [mirror_caption(text) for text in photo.captions[language]]
        return reward.score_with([caption_words(text, language) for text in mirrored], said)


def caption_words(text: str, language: str) -> list[str]:
    """Lower-case words of a caption by the rules of its language, punctuation dropped."""
    return words(normalise_caption(text, language))
