"""Makes photos for tests in code: valid ones, and ones bent in a chosen way."""

import io
import random
import struct
import zipfile
import zlib
from functools import cache

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

FORMATS = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "gif": "GIF",
    "avif": "AVIF",
    "heic": "HEIF",
}


def picture(width: int = 96, height: int = 64, mode: str = "RGB") -> Image.Image:
    """Draw a small picture in which every corner has a colour of its own."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 90))).convert(mode)


def encoded(image: Image.Image, image_format: str = "jpeg", **options: object) -> bytes:
    """Encode `image` as one of the six formats, or as any other that Pillow writes."""
    out = io.BytesIO()
    image.save(out, FORMATS.get(image_format, image_format), **options)
    return out.getvalue()


@cache
def good(image_format: str = "jpeg") -> bytes:
    """Return a small valid file."""
    return encoded(picture(), image_format)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(kind: bytes, body: bytes) -> bytes:
    """Return a valid PNG with one more chunk behind its header."""
    return good("png")[:33] + png_chunk(kind, body) + good("png")[33:]


def jpeg_with(marker: int, body: bytes) -> bytes:
    """Return a valid JPEG with one more segment in front."""
    segment = struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
    return good("jpeg")[:2] + segment + good("jpeg")[2:]


def jpeg_with_exif(tiff: bytes) -> bytes:
    return jpeg_with(0xE1, b"Exif\x00\x00" + tiff)


def tiff(entries: list[tuple[int, int, int, int]], following: int = 0, extra: bytes = b"") -> bytes:
    """Return an Exif block of entries (tag, type, count, value or offset) and `extra` bytes."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\x00" + struct.pack("<I", 8) + struct.pack("<H", len(entries))
    return head + packed + struct.pack("<I", following) + extra


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def zip_bytes() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Main-Class: Evil")
    return out.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def film() -> bytes:
    return (
        box(b"ftyp", b"mp42\x00\x00\x00\x00mp42isom")
        + box(b"mdat", noise(9000))
        + box(b"moov", b"")
    )


def animation(image_format: str, frames: int) -> bytes:
    pictures = [Image.new("RGB", (40, 30), (step % 256, step // 256, 9)) for step in range(frames)]
    return encoded(pictures[0], image_format, save_all=True, append_images=pictures[1:])


def deflated(kind: bytes) -> bytes:
    """Return a PNG with a text or profile chunk of a few kilobytes that inflates to 16 MB."""
    before = {
        b"zTXt": b"Comment\x00\x00",
        b"iCCP": b"p\x00\x00",
        b"iTXt": b"Comment\x00\x01\x00\x00\x00",
    }
    return png_with(kind, before[kind] + zlib.compress(bytes(16 * 1024 * 1024)))


def spread_text() -> bytes:
    """Return a PNG whose text chunks are each within bounds and together are not."""
    chunk = png_chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(900_000)))
    return good("png")[:33] + chunk * 50 + good("png")[33:]


def resized(image_format: str, width: int, height: int) -> bytes:
    """Return a valid file whose header is rewritten to promise `width` by `height` pixels."""
    data = bytearray(good(image_format))
    if image_format == "png":
        data[8:33] = png_chunk(b"IHDR", struct.pack(">II", width, height) + data[24:29])
    elif image_format == "gif":
        data[6:10] = struct.pack("<HH", width, height)
    elif image_format == "jpeg":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    elif image_format == "webp":
        canvas = bytes(4) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
        body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas + data[12:]
        return b"RIFF" + struct.pack("<I", len(body)) + body
    else:
        at = data.index(b"ispe")
        data[at + 8 : at + 16] = struct.pack(">II", width, height)
    return bytes(data)


def many_scans() -> bytes:
    """Return a progressive JPEG that repeats its last scan, which costs a pass each time."""
    data = encoded(picture(), "jpeg", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 500 + b"\xff\xd9"


def garbled(image_format: str, share: float = 0.5) -> bytes:
    """Return a valid container around pixels that are noise from `share` of the file on."""
    data = good(image_format)
    start = int(len(data) * share)
    return data[:start] + bytes(len(data) - start - 12) + data[-12:]


def frameless_gif() -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", 9, 9, 0, 0, 0) + b";"


def headerless_jpeg() -> bytes:
    data = good("jpeg")
    at = data.index(b"\xff\xc0")
    return data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0] :]


def truncated(image_format: str) -> bytes:
    return good(image_format)[: len(good(image_format)) * 2 // 3]


def rotated(orientation: int) -> bytes:
    return jpeg_with_exif(tiff([(0x0112, 3, 1, orientation)]))
