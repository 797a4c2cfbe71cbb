"""The parts of optimisation with a formula: loss, learning rate, average, parameter groups."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from itertools import groupby

import torch
from torch import nn
from torch.nn import functional

from workers.pipeline.network import CaptionNetwork
from workers.training.config import TrainSection


def caption_loss(
    logits: torch.Tensor, targets: torch.Tensor, pad: int, smoothing: float
) -> torch.Tensor:
    """Mean label-smoothed cross-entropy over the tokens that are not padding.

    Logits [rows, T, V], targets [rows, T]. Smoothing spreads that share of the target evenly over
    the vocabulary (Szegedy et al. 2016).
    """
    return functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), ignore_index=pad, label_smoothing=smoothing
    )


def warmup_cosine(step: int, total: int, warmup: float, cycles: int = 1) -> float:
    """The factor on the learning rate: linear over the `warmup` share, then half a cosine.

    With more `cycles` the rest is cut into as many equal parts, each starting again from the full
    rate (Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017).
    """
    ramp = max(1, round(total * warmup))
    if step < ramp:
        return (step + 1) / ramp
    span = max(1, total - ramp)
    cycle = min(cycles - 1, (step - ramp) * cycles // span)
    return 0.5 * (1 + math.cos(math.pi * ((step - ramp) * cycles - cycle * span) / span))


def parameter_groups(network: CaptionNetwork, config: TrainSection) -> list[dict]:
    """Trainable parameters by rate and by whether weight decay applies (matrices only).

    Trunks are frozen for good; the encoders' heads are frozen too when `head_rate` is 0. The last
    layer of a head has that rate, and every layer before it `layer_decay` times that of the next
    (Howard and Ruder, "Universal Language Model Fine-tuning for Text Classification", 2018).
    """
    frozen = {id(p) for encoder in network.vision_encoders() for p in encoder.frozen_parameters()}
    rates = head_rates(network, config, frozen)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        rate = rates.get(name, 0.0) if name.startswith("encoders.") else config.learning_rate
        parameter.requires_grad_(rate > 0 and id(parameter) not in frozen)
        if parameter.requires_grad:
            decay = config.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": decay}
        for (rate, decay), parameters in groups.items()
    ]


def head_rates(
    network: CaptionNetwork, config: TrainSection, frozen: Collection[int]
) -> dict[str, float]:
    """The rate of every encoder parameter that may be trained, by its name in the network.

    Layers are what the encoder registers one after the other, numbered blocks each for itself; all
    encoders register them in the order in which they compute.
    """
    rates: dict[str, float] = {}
    for number, encoder in enumerate(network.vision_encoders()):
        names = [name for name, p in encoder.named_parameters() if id(p) not in frozen]
        layers = [list(members) for _, members in groupby(names, key=_layer)]
        for depth, members in enumerate(reversed(layers)):
            rate = config.head_rate * config.layer_decay**depth
            rates |= {f"encoders.{number}.{name}": rate for name in members}
    return rates


def _layer(name: str) -> str:
    """What a parameter's layer is called: up to its first number, else nothing in particular."""
    found = re.match(r"(?:.*?\.)?\d+(?=\.)", name)
    return found.group(0) if found else ""


class MovingAverage:
    """Exponential moving average of the trainable parameters.

    Its start is softened so that early noise fades.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.shadow = {
            n: p.detach().clone() for n, p in network.named_parameters() if p.requires_grad
        }

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the network's present parameters."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        parameters = dict(network.named_parameters())
        for name, average in self.shadow.items():
            average.lerp_(parameters[name].detach(), 1 - decay)

    @torch.no_grad()
    def swap(self, network: nn.Module) -> None:
        """Exchange average and network; a second call exchanges them back."""
        parameters = dict(network.named_parameters())
        for name, average in self.shadow.items():
            held = parameters[name].detach().clone()
            parameters[name].copy_(average)
            average.copy_(held)

    def state_dict(self) -> dict:
        """For the checkpoint."""
        return {"updates": self.updates, "shadow": self.shadow}

    def load_state_dict(self, state: dict) -> None:
        """From the checkpoint."""
        self.updates = state["updates"]
        for name, value in state["shadow"].items():
            self.shadow[name].copy_(value)
