"""A host's picture: decoded, made smaller and written anew, so that nothing hidden in the file survives."""

from io import BytesIO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 40_000_000
WIDEST = 1600  # pixels
_FORMATS = ("JPEG", "PNG", "WEBP")


def written_anew(upload: "File[bytes]") -> "ContentFile[bytes]":
    """Return the picture as a JPEG without its hidden data (where it was taken). Raises ValidationError."""
    if upload.size > MOST_BYTES:
        raise ValidationError(_("The picture is larger than 2 MB. Please save it smaller and try again."))
    try:
        with Image.open(upload, formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValidationError(
                    _("The picture has too many pixels. Please save it smaller and try again.")
                )
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, ValueError):
        raise ValidationError(_("This is no picture we can read. JPEG, PNG and WebP work.")) from None
    upright.info.clear()  # a JPEG's comment would be written out again
    upright.thumbnail((WIDEST, WIDEST))
    out = BytesIO()
    upright.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return ContentFile(out.getvalue(), name="picture.jpg")
