"""Brings any pixels to eight bits of sRGB: mode RGB, or RGBA where something is see-through."""

import io

from PIL import Image, ImageCms

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_WHITE = (255, 255, 255)
_DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def to_srgb(image: Image.Image) -> Image.Image:
    """Return `image` as RGB or RGBA, its colour profile applied; an unusable profile is ignored."""
    profile = image.info.get("icc_profile")
    plain = _to_eight_bits(image)
    converted = _through_profile(plain, profile) if profile else None
    return converted or plain.convert("RGBA" if plain.has_transparency_data else "RGB")


def flatten(image: Image.Image) -> Image.Image:
    """Return an RGB or RGBA image as RGB, laid on white."""
    if image.mode == "RGB":
        return image
    ground = Image.new("RGB", image.size, _WHITE)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit grey down to 8 bits, where Pillow's own conversion would clip it to white."""
    if image.mode not in _DEEP_MODES:
        return image
    return image.point(lambda value: value * (1 / 256) + 0).convert("L")


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Convert `image` from the colours of an ICC `profile`; None where that is not possible."""
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    colours = image if image.mode in ("L", "CMYK") else image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(colours, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    if converted is not None and alpha is not None:
        converted.putalpha(alpha)
    return converted
