"""Uploads that must be refused, each with its code, and odd ones to take. All made in code."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from PIL import Image

from tests.gallery.imaging.photofiles import (
    FORMATS,
    animation,
    deflated,
    encoded,
    film,
    frameless_gif,
    garbled,
    good,
    headerless_jpeg,
    jpeg_with,
    jpeg_with_exif,
    many_scans,
    noise,
    picture,
    png_with,
    resized,
    rotated,
    spread_text,
    tiff,
    truncated,
    zip_bytes,
)


@dataclass(frozen=True)
class BadFile:
    """An upload to refuse: its name, its bytes (made on first use), the code it gets."""

    name: str
    make: Callable[[], bytes]
    code: str

    @cached_property
    def data(self) -> bytes:
        return self.make()


@dataclass(frozen=True)
class OddFile:
    """A strange upload to accept: its name, its bytes (made on first use), the format inside."""

    name: str
    make: Callable[[], bytes]
    format: str

    @cached_property
    def data(self) -> bytes:
        return self.make()


SVG = b'<?xml version="1.0"?>\n<!-- drawn by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
PHP = b"<?php system($_GET['c']); ?>"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"
ELF = b"\x7fELF\x02\x01\x01" + bytes(57)
_CIRCLE = tiff([(0x0112, 3, 1, 1)], following=8)
_TWO_CIRCLE = tiff([(0x8769, 4, 1, 26)], extra=struct.pack("<HHHIII", 1, 0x8827, 3, 1, 100, 26))
_HUGE_COUNT = tiff([(0x010F, 2, 0xFFFFFFF0, 8)])
_OVERLAPPING = tiff([(0x9000 + i, 7, 50_000, 8) for i in range(300)], extra=bytes(50_000))
_CROWDED = tiff([(0x9000 + i, 3, 1, 1) for i in range(5000)])

BAD_FILES = [
    BadFile("empty.jpg", lambda: b"", "file_empty"),
    BadFile("one-byte.jpg", lambda: b"\xff", "not_a_photo"),
    BadFile(
        "six-megabytes.png",
        lambda: encoded(
            Image.frombytes("L", (3000, 2100), noise(6_300_000)), "png", compress_level=1
        ),
        "file_too_large",
    ),
    *(
        BadFile(f"truncated.{kind}", lambda k=kind: truncated(k), "photo_truncated")
        for kind in FORMATS
    ),
    BadFile("no-end-marker.jpg", lambda: good("jpeg")[:-2], "photo_truncated"),
    BadFile("start-only.jpg", lambda: good("jpeg")[:20], "photo_truncated"),
    BadFile("drawing.svg", lambda: SVG, "not_a_photo"),
    BadFile("drawing.jpg", lambda: SVG, "not_a_photo"),
    BadFile("page.jpg", lambda: HTML, "not_a_photo"),
    BadFile("notes.png", lambda: b"Dear diary, today I went outside.", "not_a_photo"),
    BadFile("document.jpg", lambda: PDF, "not_a_photo"),
    BadFile("archive.png", zip_bytes, "not_a_photo"),
    BadFile("program.jpg", lambda: ELF, "not_a_photo"),
    BadFile("setup.webp", lambda: b"MZ" + bytes(100), "not_a_photo"),
    BadFile("run.gif", lambda: b"#!/bin/sh\nid\n", "not_a_photo"),
    BadFile("scan.tiff", lambda: encoded(picture(), "TIFF"), "not_a_photo"),
    BadFile("picture.bmp", lambda: encoded(picture(), "BMP"), "not_a_photo"),
    BadFile("icon.ico", lambda: encoded(picture(32, 32), "ICO"), "not_a_photo"),
    BadFile("layers.psd", lambda: b"8BPS\x00\x01" + bytes(60), "not_a_photo"),
    BadFile("film.heic", film, "not_a_photo"),
    BadFile("with-zip.jpg", lambda: good() + zip_bytes(), "trailing_data"),
    BadFile("with-page.jpg", lambda: good() + b"\n" + HTML, "trailing_data"),
    BadFile("with-php.jpg", lambda: good() + PHP, "trailing_data"),
    BadFile("with-program.jpg", lambda: good() + ELF, "trailing_data"),
    BadFile("with-jar.gif", lambda: good("gif") + zip_bytes(), "trailing_data"),
    BadFile("with-pdf.webp", lambda: good("webp") + PDF, "trailing_data"),
    BadFile("with-noise.png", lambda: good("png") + noise(20_000), "trailing_data"),
    BadFile("with-script.avif", lambda: good("avif") + b"#!/bin/sh\nid\n", "trailing_data"),
    BadFile("with-php.heic", lambda: good("heic") + PHP, "trailing_data"),
    BadFile("film-then-zip.jpg", lambda: good() + film() + zip_bytes(), "trailing_data"),
    BadFile("bomb-60000.png", lambda: resized("png", 60_000, 60_000), "too_many_pixels"),
    BadFile("bomb-65535.gif", lambda: resized("gif", 65_535, 65_535), "too_many_pixels"),
    BadFile("bomb-16384.webp", lambda: resized("webp", 16_384, 16_384), "too_many_pixels"),
    BadFile("bomb-65500.jpg", lambda: resized("jpeg", 65_500, 65_500), "too_many_pixels"),
    BadFile("bomb-40000.avif", lambda: resized("avif", 40_000, 40_000), "too_many_pixels"),
    BadFile("bomb-40000.heic", lambda: resized("heic", 40_000, 40_000), "too_many_pixels"),
    BadFile(
        "bomb-64-megapixels.png",
        lambda: encoded(Image.new("1", (8000, 8000)), "png"),
        "too_many_pixels",
    ),
    BadFile("text-bomb.png", lambda: deflated(b"zTXt"), "bomb"),
    BadFile("text-bomb-unicode.png", lambda: deflated(b"iTXt"), "bomb"),
    BadFile("text-bomb-in-parts.png", spread_text, "bomb"),
    BadFile("profile-bomb.png", lambda: deflated(b"iCCP"), "bomb"),
    BadFile("scan-bomb.jpg", many_scans, "bomb"),
    BadFile("exif-circle.jpg", lambda: jpeg_with_exif(_CIRCLE), "bomb"),
    BadFile("exif-two-circle.jpg", lambda: jpeg_with_exif(_TWO_CIRCLE), "bomb"),
    BadFile("exif-huge-count.jpg", lambda: jpeg_with_exif(_HUGE_COUNT), "bomb"),
    BadFile("exif-overlapping.jpg", lambda: jpeg_with_exif(_OVERLAPPING), "bomb"),
    BadFile("exif-crowded.jpg", lambda: jpeg_with_exif(_CROWDED), "bomb"),
    BadFile("exif-circle.png", lambda: png_with(b"eXIf", _CIRCLE), "bomb"),
    BadFile("garbled.png", lambda: garbled("png"), "photo_damaged"),
    BadFile("garbled.webp", lambda: garbled("webp", 0.05), "photo_damaged"),
    BadFile("garbled.avif", lambda: garbled("avif", 0.6), "photo_damaged"),
    BadFile("garbled.heic", lambda: garbled("heic", 0.6), "photo_damaged"),
    BadFile("no-frame.gif", frameless_gif, "photo_damaged"),
    BadFile("no-header.jpg", headerless_jpeg, "photo_damaged"),
    BadFile("no-height.jpg", lambda: resized("jpeg", 90, 0), "photo_damaged"),
]

ODD_BUT_GOOD = [
    OddFile("really-a-png.jpg", lambda: good("png"), "png"),
    OddFile("no-extension", lambda: good("webp"), "webp"),
    OddFile("motion-photo.jpg", lambda: good() + film(), "jpeg"),
    OddFile("samsung-trailer.jpg", lambda: good() + noise(40) + film() + b"SEFHnoteSEFT", "jpeg"),
    OddFile("multi-picture.jpg", lambda: good() + bytes(16) + good() + good(), "jpeg"),
    OddFile(
        "stereo.mpo",
        lambda: encoded(picture(), "MPO", save_all=True, append_images=[picture(mode="L")]),
        "jpeg",
    ),
    OddFile("zero-padded.jpg", lambda: good() + bytes(100_000), "jpeg"),
    OddFile("maker-note-behind.png", lambda: good("png") + noise(600), "png"),
    OddFile("script-in-comment.jpg", lambda: jpeg_with(0xFE, PHP), "jpeg"),
    OddFile("text-in-chunk.png", lambda: png_with(b"tEXt", b"Comment\x00" + HTML), "png"),
    OddFile("exif-noise.jpg", lambda: jpeg_with_exif(b"II*\x00" + noise(12)), "jpeg"),
    OddFile("exif-empty.jpg", lambda: jpeg_with_exif(b""), "jpeg"),
    OddFile("junk-profile.jpg", lambda: encoded(picture(), icc_profile=b"junk" * 40), "jpeg"),
    OddFile("print-colours.jpg", lambda: encoded(picture(mode="CMYK")), "jpeg"),
    OddFile("grey.jpg", lambda: encoded(picture(mode="L")), "jpeg"),
    OddFile("progressive.jpg", lambda: encoded(picture(), progressive=True), "jpeg"),
    OddFile("sideways.jpg", lambda: rotated(6), "jpeg"),
    OddFile("deep-grey.png", lambda: encoded(Image.new("I;16", (30, 20), 32768), "png"), "png"),
    OddFile("palette.png", lambda: encoded(picture(mode="P"), "png", transparency=3), "png"),
    OddFile("see-through.png", lambda: encoded(picture(mode="RGBA"), "png"), "png"),
    OddFile("grey-see-through.png", lambda: encoded(picture(mode="LA"), "png"), "png"),
    OddFile("two-colours.png", lambda: encoded(picture(mode="1"), "png"), "png"),
    OddFile("one-pixel.gif", lambda: encoded(picture(1, 1), "gif"), "gif"),
    OddFile("tall.png", lambda: encoded(Image.new("RGB", (1, 20_000)), "png"), "png"),
    OddFile("wide.png", lambda: encoded(Image.new("RGB", (20_000, 1)), "png"), "png"),
    OddFile("animated.gif", lambda: animation("gif", 300), "gif"),
    OddFile("animated.webp", lambda: animation("webp", 100), "webp"),
    OddFile("animated.png", lambda: animation("png", 50), "png"),
    OddFile("animated.avif", lambda: animation("avif", 5), "avif"),
    OddFile("phone.heic", lambda: good("heic"), "heic"),
]
