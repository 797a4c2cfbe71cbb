"""From a strategy's name to the strategy, with the model's decoding defaults."""

from __future__ import annotations

from workers.pipeline.config import DecodingConfig
from workers.pipeline.decoding.abreast import Abreast
from workers.pipeline.decoding.base import DecodingStrategy
from workers.pipeline.decoding.beam import Beam
from workers.pipeline.decoding.greedy import Greedy
from workers.pipeline.decoding.nucleus import Nucleus


def build_strategy(name: str, config: DecodingConfig) -> DecodingStrategy:
    """`beam`, `nucleus` or `greedy`.

    It decodes the images of a batch side by side where that is faster. The request has already been
    checked, so another name is a `KeyError`.
    """
    makers = {
        "beam": lambda: Beam(config.beam_width, config.length_penalty),
        "nucleus": lambda: Nucleus(config.top_p, config.sampling_temperature),
        "greedy": Greedy,
    }
    return Abreast(makers[name]())
