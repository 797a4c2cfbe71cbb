"""Preprocessing: whatever the bytes, the answer is an upright RGB tensor or one `PhotoError`."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.workers.tiny import plain_photo
from workers.pipeline.config import PreprocessConfig
from workers.pipeline.errors import PhotoError
from workers.pipeline.images import decode_photo, preprocess, square, to_tensor

SQUASH = PreprocessConfig(size=32)


def encoded(picture: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300))
def test_random_bytes_give_only_photo_errors(data: bytes):
    with pytest.raises(PhotoError) as caught:
        preprocess(data, SQUASH)
    assert caught.value.code == "photo_unreadable"
    assert caught.value.retryable is False


@settings(max_examples=60, deadline=None)
@given(
    file_format=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"]),
    where=st.floats(0, 1),
    junk=st.binary(min_size=1, max_size=20),
)
def test_damaged_pictures_give_a_tensor_or_a_photo_error(file_format, where, junk):
    data = bytearray(plain_photo("red", file_format=file_format))
    at = int(where * len(data))
    data[at : at + len(junk)] = junk
    try:
        tensor = preprocess(bytes(data), SQUASH)
    except PhotoError:
        return
    assert tensor.shape == (3, 32, 32)
    assert torch.isfinite(tensor).all()


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "CMYK", "1", "I;16"])
def test_every_mode_becomes_three_channels(mode):
    file_format = "TIFF" if mode == "CMYK" else "PNG"
    picture = Image.new(mode, (40, 30))
    assert preprocess(encoded(picture, file_format), SQUASH).shape == (3, 32, 32)


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = Image.new("RGB", (40, 20))
    assert decode_photo(encoded(picture, "JPEG", exif=exif)).size == (20, 40)


def test_broken_exif_does_not_cost_the_picture():
    data = encoded(Image.new("RGB", (40, 20)), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f")
    assert decode_photo(data).size == (40, 20)


def test_photos_of_phones_are_read():
    data = encoded(Image.new("RGB", (64, 48), "blue"), "HEIF")
    assert decode_photo(data).size == (64, 48)


def test_transparency_is_shown_on_white():
    picture = Image.new("RGBA", (8, 8), (200, 0, 0, 0))
    assert decode_photo(encoded(picture, "PNG")).getpixel((3, 3)) == (255, 255, 255)


def test_a_jpeg_is_decoded_small_without_changing_the_outcome():
    noise = np.random.default_rng(1).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    large = Image.fromarray(noise).resize((1600, 1200), Image.Resampling.BICUBIC)
    data = encoded(large, "JPEG", quality=95)
    assert decode_photo(data, smallest_side=32).size[0] < 1600
    quick = preprocess(data, SQUASH)
    slow = to_tensor(square(decode_photo(data), SQUASH), SQUASH)
    assert (quick - slow).abs().mean() < 0.05


def test_too_many_pixels_are_refused_before_decoding():
    with pytest.raises(PhotoError, match="at most 1,000"):
        decode_photo(plain_photo(size=(50, 40)), max_pixels=1000)


def test_crop_keeps_the_middle_and_squash_keeps_everything():
    picture = Image.new("RGB", (96, 32), "black")
    picture.paste("white", (32, 0, 64, 32))
    cropped = square(picture, PreprocessConfig(size=32, mode="crop", resize=32))
    squashed = square(picture, PreprocessConfig(size=32, mode="squash"))
    assert np.asarray(cropped).mean() > 240
    assert 70 < np.asarray(squashed).mean() < 100


def test_a_sliver_of_a_picture_can_be_cropped():
    config = PreprocessConfig(size=32, mode="crop", resize=36)
    assert square(Image.new("RGB", (1, 400)), config).size == (32, 32)


def test_normalization_uses_mean_and_deviation():
    config = PreprocessConfig(size=8, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    white = to_tensor(Image.new("RGB", (8, 8), "white"), config)
    black = to_tensor(Image.new("RGB", (8, 8), "black"), config)
    assert torch.allclose(white, torch.ones(3, 8, 8))
    assert torch.allclose(black, -torch.ones(3, 8, 8))
