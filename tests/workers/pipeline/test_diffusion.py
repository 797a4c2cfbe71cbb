"""The diffusion encoder: stops where a hook would, reads only what it keeps, repeats its noise."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, DDPMScheduler, UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTokenizer

from tests.workers.pipeline.diffusion_models import (
    PHOTOS,
    config_of,
    encoder_of,
    pixels_of,
    tiny_unet,
    write_stable_diffusion,
)
from tests.workers.tiny import plain_photo
from workers.pipeline.config import CaptionerConfig, DecoderConfig
from workers.pipeline.diffusion import partial
from workers.pipeline.diffusion.weights import OLD_NAMES
from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.encoders.diffusion import noise_generator
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer
from workers.pipeline.weights import load_network, save_captioner
from workers.training.features import FeatureCache
from workers.training.photos import PhotoStore


@pytest.fixture(scope="module")
def stable_diffusion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stable_diffusion(tmp_path_factory.mktemp("sd21"))


@pytest.mark.parametrize(("block", "side"), [("mid", 8), ("up0", 8), ("up1", 10), ("up3", 8)])
@torch.inference_mode()
def test_stops_with_exactly_what_a_hook_sees(stable_diffusion: Path, block: str, side: int):
    whole = UNet2DConditionModel.from_pretrained(stable_diffusion / "unet").eval()
    whole.to(memory_format=torch.channels_last)
    seen: list[torch.Tensor] = []
    module = whole.mid_block if block == "mid" else whole.up_blocks[int(block[2:])]
    module.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    config = config_of(size=8 * side, directory=str(stable_diffusion), block=block, grid=1)
    part = encoder_of(config).unet
    chance = torch.Generator().manual_seed(2)
    noisy = torch.randn(2, 4, side, side, generator=chance)
    text = torch.randn(2, 10, 12, generator=chance)
    whole(noisy, 100, encoder_hidden_states=text)
    assert torch.equal(partial.hidden_states(part, noisy, 100, text), seen[0])


@torch.inference_mode()
def test_features_are_those_of_the_whole_models(stable_diffusion: Path):
    vae = AutoencoderKL.from_pretrained(stable_diffusion / "vae").eval()
    unet = UNet2DConditionModel.from_pretrained(stable_diffusion / "unet").eval()
    text_encoder = CLIPTextModel.from_pretrained(stable_diffusion / "text_encoder").eval()
    tokenizer = CLIPTokenizer.from_pretrained(stable_diffusion / "tokenizer")
    ids = tokenizer("", padding="max_length", max_length=10, return_tensors="pt").input_ids
    text = text_encoder(ids).last_hidden_state.expand(3, -1, -1)
    encoder = encoder_of(config_of(directory=str(stable_diffusion), block="up1"))
    assert torch.equal(encoder.prompt, text[0])
    latents = vae.encode(pixels_of()).latent_dist.mode() * vae.config.scaling_factor
    noise = torch.stack(
        [torch.randn(1, 4, 8, 8, generator=noise_generator(facts))[0] for facts in PHOTOS]
    )
    schedule = DDPMScheduler.from_pretrained(stable_diffusion / "scheduler")
    noisy = schedule.add_noise(latents, noise, torch.full((3,), 100))
    seen: list[torch.Tensor] = []
    unet.up_blocks[1].register_forward_hook(lambda _m, _i, output: seen.append(output))
    unet(noisy, 100, encoder_hidden_states=text)
    normal = torch.nn.functional.layer_norm(seen[0].permute(0, 2, 3, 1), (24,)).permute(0, 3, 1, 2)
    expected = torch.nn.functional.adaptive_avg_pool2d(normal, 2)
    features = encoder.trunk(pixels_of(), PHOTOS)
    assert torch.allclose(features, expected, atol=1e-4)
    (tokens,) = encoder.head(features)
    assert tokens.shape == (3, 4, 20) == (3, encoder.outputs[0].count, encoder.outputs[0].width)


def test_what_is_dropped_is_never_in_memory(stable_diffusion: Path, monkeypatch):
    read: list[str] = []
    real = safe_open

    class Spy:
        """Passes on to safetensors and notes which tensors are asked for."""

        def __init__(self, path: Path, framework: str) -> None:
            self.file = real(path, framework=framework)

        def __enter__(self) -> Spy:
            self.inner = self.file.__enter__()
            return self

        def __exit__(self, *args: object) -> None:
            self.file.__exit__(*args)

        def keys(self) -> list[str]:
            return self.inner.keys()

        def get_tensor(self, name: str) -> torch.Tensor:
            read.append(name)
            return self.inner.get_tensor(name)

    monkeypatch.setattr("workers.pipeline.diffusion.weights.safe_open", Spy)
    encoder = encoder_of(config_of(directory=str(stable_diffusion), block="up0"))
    gone = ("decoder.", "post_quant_conv.", "up_blocks.1", "up_blocks.2", "up_blocks.3", "conv_out")
    names = [*encoder.vae.state_dict(), *encoder.unet.state_dict()]
    assert sorted(read) == sorted(names)
    assert not [name for name in names if name.startswith(gone)]
    whole = sum(p.numel() for p in tiny_unet().parameters())
    blocks = tiny_unet().up_blocks[1:]
    left_out = sum(p.numel() for part in blocks for p in part.parameters())
    assert sum(p.numel() for p in encoder.unet.parameters()) < whole - left_out
    assert {p.device.type for p in encoder.parameters()} == {"cpu"}


@torch.inference_mode()
def test_results_repeat_and_do_not_depend_on_neighbours(stable_diffusion: Path):
    encoder = encoder_of(config_of(directory=str(stable_diffusion), block="up1"))
    pixels = pixels_of()
    together = encoder.trunk(pixels, PHOTOS)
    assert torch.equal(together, encoder.trunk(pixels, PHOTOS))
    alone = encoder.trunk(pixels[1:2], PHOTOS[1:2])
    assert torch.allclose(together[1:2], alone, atol=1e-5)
    swapped = encoder.trunk(pixels.flip(0), PHOTOS[::-1])
    assert torch.allclose(together, swapped.flip(0), atol=1e-5)
    other = encoder.trunk(pixels[1:2], [PhotoFacts("00" * 32)])
    assert not torch.allclose(alone, other, atol=1e-3)


@torch.inference_mode()
def test_draws_average_different_noises(stable_diffusion: Path):
    encoder = encoder_of(config_of(directory=str(stable_diffusion), block="up1"))
    states = []
    for draws in (1, 4):
        encoder.draws = draws
        states.append(encoder.trunk(pixels_of(), PHOTOS))
    assert states[0].shape == states[1].shape
    assert not torch.allclose(states[0], states[1], atol=1e-3)


def test_a_saved_captioner_needs_no_source(stable_diffusion: Path, tmp_path: Path):
    tokenizer = CaptionTokenizer.train(["a dog", "a cat"], 300)
    config = CaptionerConfig(
        encoders=(config_of(directory=str(stable_diffusion), block="up0"),),
        decoder=DecoderConfig(tokenizer.vocabulary, layers=1, width=16, heads=2, max_tokens=8),
    )
    network = CaptionNetwork(config).eval()
    for encoder in network.vision_encoders():
        encoder.load_pretrained()
    portable = network.portable_config()
    assert str(stable_diffusion) not in portable.to_json()
    save_captioner(tmp_path, network, tokenizer, portable, dtype=torch.float32)
    again = load_network(tmp_path, CaptionerConfig.load(tmp_path / "config.json"))
    with torch.inference_mode():
        expected = network.encode([pixels_of()], PHOTOS)
        assert torch.equal(again.encode([pixels_of()], PHOTOS), expected)
    assert again.vision_encoders()[0].trunk_parameters()


def test_features_go_through_the_cache(stable_diffusion: Path, dataset: Path, tmp_path: Path):
    config = config_of(size=32, directory=str(stable_diffusion), block="up1")
    encoder = encoder_of(config)
    cache = FeatureCache(tmp_path, config, encoder)
    hashes = {path.name: path.stem * 16 for path in sorted(dataset.iterdir())}
    assert cache.fill(PhotoStore(dataset), hashes, views=2) == 4
    assert cache.fill(PhotoStore(dataset), hashes, views=2) == 0
    features = cache.read(list(hashes.values()), [0, 1])
    assert features.shape == (2, 24, 2, 2)
    assert cache.read(list(hashes.values()), [0, 1]).equal(features)
    other = config_of(size=32, directory=str(stable_diffusion), block="up1", timestep=7)
    assert FeatureCache(tmp_path, other, encoder).folder != cache.folder


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, colour in enumerate(("red", "blue")):
        (folder / f"{number:04}.jpg").write_bytes(plain_photo(colour))
    return folder


@torch.inference_mode()
def test_a_tiny_autoencoder_and_no_text(tmp_path: Path):
    vae = AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(1, 1, 1, 1),
        scaling_factor=0.5,
    ).eval()
    vae.save_pretrained(tmp_path / "vae", variant="fp16")
    tiny_unet().save_pretrained(tmp_path / "unet")
    encoder = encoder_of(config_of(directory=str(tmp_path), block="up0"))
    expected = vae.encode(pixels_of()).latents * 0.5
    assert torch.allclose(partial.encode_latents(encoder.vae, pixels_of()), expected, atol=1e-5)
    assert encoder.prompt.equal(torch.zeros(1, 12))
    assert not [name for name in encoder.vae.state_dict() if name.startswith("decoder.")]
    assert encoder.trunk(pixels_of(), PHOTOS).isfinite().all()
    assert (
        encoder.signal
        == DDPMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"
        ).alphas_cumprod[100]
    )


def test_autoencoders_of_early_diffusers_load(stable_diffusion: Path, tmp_path: Path):
    shutil.copytree(stable_diffusion, tmp_path / "old")
    path = tmp_path / "old" / "vae" / "diffusion_pytorch_model.safetensors"
    state = load_file(path)
    for new, old in OLD_NAMES.items():
        state = {name.replace(f".{new}.", f".{old}."): value for name, value in state.items()}
    assert "encoder.mid_block.attentions.0.proj_attn.weight" in state
    save_file(state, path)
    old, new = (
        encoder_of(config_of(directory=str(folder), block="mid", grid=1)).vae.state_dict()
        for folder in (tmp_path / "old", stable_diffusion)
    )
    assert all(torch.equal(old[name], new[name]) for name in new)
