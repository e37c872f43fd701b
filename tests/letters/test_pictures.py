"""A picture is decoded and written anew: nothing hidden in the file survives, and nothing odd gets through."""

import contextlib
import random
import struct
import zlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms, PngImagePlugin

from letters import pictures

CANARY = b"CANARY-47.3769N-8.5417E"


def encoded(mode="RGB", size=(60, 40), form="JPEG", colour=None, **options):
    out = BytesIO()
    Image.new(mode, size, colour or 0).save(out, form, **options)
    return out.getvalue()


def written(content, name="upload"):
    return pictures.written_anew(SimpleUploadedFile(name, content))


def opened(file):
    return Image.open(BytesIO(file.read()))


KINDS = [
    *(("JPEG", mode) for mode in ("RGB", "L", "CMYK", "1")),
    *(("PNG", mode) for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")),
    *(("WEBP", mode) for mode in ("RGB", "RGBA", "L", "P")),
]


@pytest.mark.parametrize(("form", "mode"), KINDS)
def test_pictures_of_every_kind_become_a_jpeg(form, mode):
    file = written(encoded(mode, form=form))
    picture = opened(file)
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (60, 40))
    assert file.name == "picture.jpg"


def with_hidden_data():
    exif = Image.Exif()
    exif[0x010E] = exif[0x8298] = CANARY.decode()
    exif.get_ifd(0x8825)[1] = CANARY.decode()
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", CANARY.decode())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + CANARY
    yield "jpeg exif", encoded(exif=exif)
    yield "jpeg comment", encoded(comment=CANARY)
    yield "jpeg xmp", encoded(xmp=b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>")
    yield "jpeg profile", encoded(icc_profile=profile)
    yield "jpeg tail", encoded() + CANARY
    yield "png text", encoded(form="PNG", pnginfo=text)
    yield "png exif", encoded(form="PNG", exif=exif)
    yield "png tail", encoded(form="PNG") + CANARY
    yield "webp exif", encoded(form="WEBP", exif=exif)
    yield "webp xmp", encoded(form="WEBP", xmp=CANARY)


@pytest.mark.parametrize(("kind", "content"), list(with_hidden_data()), ids=lambda value: str(value)[:12])
def test_nothing_hidden_in_the_file_survives(kind, content):
    assert CANARY in content
    assert CANARY not in written(content).read()


def test_a_picture_taken_upright_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    picture = opened(written(encoded(size=(60, 40), exif=exif)))
    assert picture.size == (40, 60)
    assert not picture.getexif()


def test_a_wide_picture_is_made_smaller_and_keeps_its_shape():
    assert opened(written(encoded(size=(4000, 1000)))).size == (1600, 400)


def test_a_small_picture_is_not_made_larger():
    assert opened(written(encoded(size=(10, 10)))).size == (10, 10)


# --- refusals ----------------------------------------------------------------------------------------


def png_that_claims(width, height):
    """A few bytes that unpack to any number of pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


REFUSED = {
    "nothing": b"",
    "text": b"This is no picture",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "html": b"<html><script>alert(1)</script></html>",
    "gif": encoded("P", form="GIF"),
    "bmp": encoded(form="BMP"),
    "tiff": encoded(form="TIFF"),
    "ico": encoded(form="ICO"),
    "pdf": encoded(form="PDF"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "too many pixels": encoded("1", (6500, 6500), form="PNG"),
    "too many pixels, it claims": png_that_claims(9000, 9000),
    "far too many pixels": png_that_claims(60_000, 60_000),
    "cut short": encoded(size=(600, 400), colour=1)[:400],
    "jpeg head": b"\xff\xd8\xff\xe0",
    "png head": b"\x89PNG\r\n\x1a\n",
    "png without data": png_that_claims(100, 100)[:60],
    "no width": png_that_claims(0, 10),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_picture_is_refused(kind):
    with pytest.raises(ValidationError):
        written(REFUSED[kind], name=f"{kind}.jpg")


def test_a_file_that_is_too_large_is_refused_before_it_is_read():
    file = SimpleUploadedFile("large.jpg", encoded() + bytes(pictures.MOST_BYTES))
    with pytest.raises(ValidationError, match="larger than 2 MB"):
        pictures.written_anew(file)
    assert file.tell() == 0


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_broken_file_is_a_picture_or_refused_and_never_an_error(form):
    dice = random.Random(20)
    whole = encoded(size=(120, 90), form=form, colour=(10, 200, 90))
    for _ in range(250):
        broken = bytearray(whole)
        for _ in range(dice.randint(1, 12)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        if dice.random() < 0.3:
            del broken[dice.randrange(20, len(broken)) :]
        # ValidationError is the one refusal there is; anything else would be an error page.
        with contextlib.suppress(ValidationError):
            assert opened(written(bytes(broken))).format == "JPEG"
