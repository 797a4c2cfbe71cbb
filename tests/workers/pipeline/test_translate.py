"""Captions through a translator: real Marian models, tiny, of which one copies and one hangs."""

import importlib.util
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import MarianConfig, MarianMTModel

from tests.workers.tiny import (
    COLOURS,
    TURKISH_COLOURS,
    build_tiny_captioner,
    plain_photo,
    tiny_sentences,
)
from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionRequest
from workers.pipeline.decoder import CaptionDecoder, DecoderState
from workers.pipeline.errors import InferenceError, ModelError, PhotoError, PipelineError
from workers.pipeline.tokens import present_caption
from workers.pipeline.translate import Translating, TranslationError, Translator
from workers.pipeline.translate import marian as marian_module

SENTENCEPIECE = importlib.util.find_spec("sentencepiece") is not None
END, UNKNOWN, PAD = "</s>", "<unk>", "<pad>"
STEPS = 140


def pairs() -> list[tuple[str, str]]:
    """What the tiny captioner says in English, and the Turkish of it."""
    return [
        (present_caption(english), present_caption(turkish, "tr"))
        for colour in COLOURS
        for english, turkish in zip(
            tiny_sentences(colour), tiny_sentences(colour, "tr"), strict=True
        )
    ]


def tiny_tokenizer() -> Tokenizer:
    """A tokenizer.json as Marian models have it: pieces with a low line, the end token behind."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=[END, UNKNOWN, PAD], show_progress=False
    )
    tokenizer.train_from_iterator([text for pair in pairs() for text in pair], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
    return tokenizer


def tiny_config(tokenizer: Tokenizer) -> MarianConfig:
    pad = tokenizer.token_to_id(PAD)
    layers = {"encoder_layers": 1, "decoder_layers": 1}
    heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
    return MarianConfig(
        vocab_size=tokenizer.get_vocab_size(),
        d_model=64,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        max_position_embeddings=96,
        dropout=0.0,
        init_std=0.1,
        pad_token_id=pad,
        eos_token_id=tokenizer.token_to_id(END),
        forced_eos_token_id=None,
        decoder_start_token_id=pad,
        **layers,
        **heads,
    )


def build_marian(directory: Path, steps: int = STEPS) -> Path:
    """Write a tiny Marian directory; `steps` of training teach it the pairs, 0 leave it random."""
    tokenizer = tiny_tokenizer()
    with torch.random.fork_rng():
        torch.manual_seed(2)
        model = MarianMTModel(tiny_config(tokenizer))
        learn(model, tokenizer, steps)
    model.save_pretrained(directory)
    tokenizer.save(str(directory / "tokenizer.json"))
    return directory


def learn(model: MarianMTModel, tokenizer: Tokenizer, steps: int) -> None:
    pad = model.config.pad_token_id
    tokenizer.enable_padding(pad_id=pad, pad_token=PAD)
    sources, targets = zip(*pairs(), strict=True)
    encoded = tokenizer.encode_batch(list(sources))
    ids = torch.tensor([row.ids for row in encoded])
    mask = torch.tensor([row.attention_mask for row in encoded])
    labels = torch.tensor([row.ids for row in tokenizer.encode_batch(list(targets))])
    labels[labels == pad] = -100
    tokenizer.no_padding()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(steps):
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.fixture(scope="module")
def marian(tmp_path_factory) -> Path:
    return build_marian(tmp_path_factory.mktemp("marian"))


@pytest.fixture
def translator(marian) -> Translator:
    return Translator.from_pretrained(marian)


@pytest.fixture(scope="module")
def bilingual(tmp_path_factory) -> Captioner:
    directory = build_tiny_captioner(tmp_path_factory.mktemp("bilingual"), ("en", "tr"))
    return Captioner.from_pretrained(directory, threads=1)


def ask(colour: str, language: str = "tr", num: int = 2) -> CaptionRequest:
    return CaptionRequest(plain_photo(colour), num=num, language=language)


def broken(translator: Translator) -> Translator:
    """A real failure: weights that do not fit their layer."""
    translator.model.model.encoder.layers[0].fc1 = torch.nn.Linear(3, 3)
    return translator


# The translator


def test_it_translates_every_sentence_in_its_place(translator):
    sources, targets = zip(*pairs(), strict=True)
    assert translator.translate(sources, 30) == list(targets)
    assert translator.translate([sources[7]], 30) == [targets[7]]
    assert translator.translate([], 30) == []


def test_a_random_model_says_something_and_always_the_same(tmp_path):
    random = Translator.from_pretrained(build_marian(tmp_path, steps=0))
    first = random.translate(["A red picture.", "A large blue square on the wall."], 30)
    assert len(first) == 2
    assert random.translate(["A red picture.", "A large blue square on the wall."], 30) == first


def test_a_time_limit_that_is_over_stops_the_search(translator):
    began = time.monotonic()
    with pytest.raises(TranslationError, match="time limit"):
        translator.translate(["A red picture."] * 8, 0.0)
    assert time.monotonic() - began < 5
    # Nothing was left running, so the next sentence is translated.
    assert translator.translate(["A red picture."], 30) == ["Kırmızı bir resim."]


def test_a_step_that_never_returns_does_not_hold_its_caller(translator, monkeypatch):
    monkeypatch.setattr(marian_module, "GRACE_SECONDS", 0.1)
    let_go = threading.Event()
    handle = translator.model.model.encoder.register_forward_pre_hook(
        lambda *_arguments: let_go.wait(60) and None
    )
    began = time.monotonic()
    with pytest.raises(TranslationError, match="hung"):
        translator.translate(["A red picture."], 0.1)
    with pytest.raises(TranslationError, match="still busy"):
        translator.translate(["A red picture."], 30)
    assert time.monotonic() - began < 5

    let_go.set()
    handle.remove()
    translator._running.join(30)
    assert translator.translate(["A red picture."], 30) == ["Kırmızı bir resim."]


def test_a_model_that_fails_is_a_pipeline_error(translator):
    with pytest.raises(PipelineError, match="The translator failed: RuntimeError") as caught:
        broken(translator).translate(["A red picture."], 30)
    assert caught.value.code == "translation_failed"
    assert caught.value.retryable


def test_directories_that_are_no_translator_are_named(tmp_path, marian, tiny_model):
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        Translator.from_pretrained(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Translator.from_pretrained(tiny_model)
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((marian / name).read_bytes())
    with pytest.raises(ModelError, match=r"lacks source\.spm, target\.spm, vocab\.json"):
        Translator.from_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    (tmp_path / "model.safetensors").write_bytes(b"no weights, but a pointer to some")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Translator.from_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes((marian / "model.safetensors").read_bytes())
    with pytest.raises(ModelError, match="is no tokenizer"):
        Translator.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ModelError, match="is a gpt2 model; use a marian one"):
        Translator.from_pretrained(tmp_path)


@pytest.mark.skipif(SENTENCEPIECE, reason="sentencepiece is installed")
def test_the_missing_package_is_named(tmp_path, marian):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((marian / name).read_bytes())
    for name in ("source.spm", "target.spm", "vocab.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match="needs the package sentencepiece"):
        Translator.from_pretrained(tmp_path)


@pytest.mark.skipif(not SENTENCEPIECE, reason="sentencepiece is not installed")
def test_the_published_layout_of_marian_models_is_read(tmp_path):
    import json

    import sentencepiece

    text = tmp_path / "corpus.txt"
    text.write_text("\n".join(text for pair in pairs() for text in pair))
    for side in ("source", "target"):
        sentencepiece.SentencePieceTrainer.train(
            input=str(text),
            model_prefix=str(tmp_path / side),
            vocab_size=120,
            hard_vocab_limit=False,
            minloglevel=2,
        )
        (tmp_path / f"{side}.model").rename(tmp_path / f"{side}.spm")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "source.spm"))
    names = [END, UNKNOWN, *(pieces.id_to_piece(n) for n in range(3, len(pieces))), PAD]
    vocabulary = {name: number for number, name in enumerate(names)}
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary))
    config = tiny_config(tiny_tokenizer())
    config.update({"vocab_size": len(names), "pad_token_id": len(names) - 1, "eos_token_id": 0})
    config.decoder_start_token_id = len(names) - 1
    MarianMTModel(config).save_pretrained(tmp_path)

    translator = Translator.from_pretrained(tmp_path)
    assert len(translator.translate(["A red picture.", "A blue one."], 30)) == 2
    [row] = translator.codec.encode(["A red picture."])
    assert row[-1] == 0
    assert translator.codec.decode([row]) == ["A red picture."]


# The captioner that falls back


def test_a_language_the_captioner_lacks_is_translated(tiny_captioner, translator):
    translating = Translating(tiny_captioner, translator, time_limit=30)
    requests = [ask("red"), ask("blue", "en"), ask("green")]
    english = tiny_captioner.caption(requests)

    outcomes = translating.caption(requests)

    turkish = dict(pairs())
    for number in (0, 2):
        before, after = english[number].captions, outcomes[number].captions
        assert [caption.text for caption in after] == [turkish[caption.text] for caption in before]
        assert {caption.language for caption in after} == {"tr"}
        assert [c.confidence for c in after] == [c.confidence for c in before]
        assert [c.log_probability for c in after] == [c.log_probability for c in before]
        assert [c.rank for c in after] == [0, 1]
        assert outcomes[number].timings["translate"] > 0
    assert outcomes[1].captions == english[1].captions
    assert "translate" not in outcomes[1].timings


def test_it_stands_in_for_its_captioner(tiny_captioner, translator):
    translating = Translating(tiny_captioner, translator)
    assert translating.name == tiny_captioner.name
    assert translating.revision == tiny_captioner.revision
    assert translating.config is tiny_captioner.config
    assert translating.languages == ("en",)
    assert translating.translated == ("tr",)
    translating.warm_up()
    with pytest.raises(AttributeError):
        translating.no_such_thing  # noqa: B018


def test_a_language_the_captioner_writes_goes_straight_through(bilingual, translator):
    requests = [ask("yellow"), ask("yellow", "en")]
    outcomes = Translating(bilingual, broken(translator)).caption(requests)
    turkish, english = outcomes
    assert all(TURKISH_COLOURS["yellow"] in caption.text.lower() for caption in turkish.captions)
    assert {caption.language for caption in turkish.captions} == {"tr"}
    assert {caption.language for caption in english.captions} == {"en"}


@pytest.mark.parametrize("time_limit", [30, 0.0], ids=["failing", "too slow"])
def test_without_a_translation_english_is_given_and_marked(tiny_captioner, translator, time_limit):
    if time_limit:
        broken(translator)
    requests = [ask("red"), ask("blue"), CaptionRequest(b"no photo", language="tr")]
    outcomes = Translating(tiny_captioner, translator, time_limit=time_limit).caption(requests)
    for outcome, plain in zip(outcomes, tiny_captioner.caption(requests), strict=True):
        assert outcome.captions == plain.captions
        assert {caption.language for caption in outcome.captions} <= {"en"}
    assert isinstance(outcomes[2].error, PhotoError)


def test_photos_done_in_time_keep_their_translation(tiny_captioner, translator, monkeypatch):
    calls = []
    generate = translator.model.generate

    def slow_second_time(*arguments, **options):
        calls.append(1)
        time.sleep(2 if len(calls) == 2 else 0)
        return generate(*arguments, **options)

    monkeypatch.setattr(translator.model, "generate", slow_second_time)
    requests = [ask(colour, num=4) for colour in list(COLOURS) * 2]  # 48 sentences, three chunks
    outcomes = Translating(tiny_captioner, translator, time_limit=1.5).caption(requests)

    languages = ["".join({c.language for c in outcome.captions}) for outcome in outcomes]
    assert languages == ["tr"] * 4 + ["en"] * 8


@pytest.mark.parametrize("failure", [RuntimeError, ValueError])
def test_where_the_captioner_fails_in_its_own_language_english_is_decoded(bilingual, failure):
    requests = [ask("red"), ask("blue", "en"), ask("green")]
    expected = bilingual.caption([ask("red", "en"), ask("blue", "en"), ask("green", "en")])
    with failing_at(bilingual, "tr", failure):
        outcomes = Translating(bilingual, None).caption(requests)

    assert [outcome.captions for outcome in outcomes] == [item.captions for item in expected]
    assert all(c.language == "en" for outcome in outcomes for c in outcome.captions)


@contextmanager
def failing_at(captioner: Captioner, language: str, failure: type[Exception]):
    """Let the decoder fail wherever a caption in `language` begins."""

    decoder = captioner.network.decoder

    def refuse(tokens: torch.Tensor, state: DecoderState) -> torch.Tensor:
        if (tokens == captioner.tokenizer.languages[language]).any():
            raise failure("no such language today")
        return CaptionDecoder.step(decoder, tokens, state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoder, "step", refuse)
        yield


def test_wordless_turkish_is_given_in_english(bilingual, monkeypatch):
    monkeypatch.setattr(bilingual.tokenizer, "decode", without_turkish(bilingual.tokenizer.decode))
    [outcome] = Translating(bilingual, None).caption([ask("red")])
    assert {caption.language for caption in outcome.captions} == {"en"}


def without_turkish(decode):
    return lambda ids, language: "" if language == "tr" else decode(ids, language)


def test_a_failure_in_english_stays_a_failure(bilingual):
    translating = Translating(bilingual, None)
    with failing_at(bilingual, "en", RuntimeError):
        english, turkish = translating.caption([ask("red", "en"), ask("red")])
    assert isinstance(english.error, InferenceError)
    assert {caption.language for caption in turkish.captions} == {"tr"}
    with failing_at(bilingual, "en", ValueError), pytest.raises(ValueError, match="today"):
        translating.caption([ask("red", "en")])


def test_equal_translations_become_one(tiny_captioner, translator, monkeypatch):
    codec = translator.codec
    monkeypatch.setattr(codec, "decode", lambda rows: ["kırmızı bir resim ."] * len(rows))
    [outcome] = Translating(tiny_captioner, translator).caption([ask("red", num=3)])
    [caption] = outcome.captions
    assert (caption.text, caption.rank) == ("Kırmızı bir resim.", 0)


def test_a_translation_without_words_leaves_the_english(tiny_captioner, translator, monkeypatch):
    monkeypatch.setattr(translator.codec, "decode", lambda rows: [" . "] * len(rows))
    [outcome] = Translating(tiny_captioner, translator).caption([ask("red", num=3)])
    assert {caption.language for caption in outcome.captions} == {"en"}
    assert len(outcome.captions) == 3
