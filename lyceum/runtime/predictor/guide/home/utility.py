"""``from home.utility import base64_to_image``, as the guide's converters have it."""

import base64
import io


def base64_to_image(content):
    """The picture in ``content``, base64 text, as a loaded ``PIL.Image``.

    A prefix such as ``data:image/png;base64,`` may stand before it, and whitespace
    anywhere. Raises ``ValueError`` or ``IOError`` for what is no picture.
    """
    from PIL import Image

    if not isinstance(content, bytes):
        content = content.encode("ascii")
    if content[:5] == b"data:":
        content = content.partition(b",")[2]
    content = b"".join(content.split()).replace(b"-", b"+").replace(b"_", b"/")
    content += b"=" * (-len(content) % 4)
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    image.load()
    return image
