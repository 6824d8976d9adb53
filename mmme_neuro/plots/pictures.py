"""Small pictures that keep their colours."""

from PIL import Image


def few_colours(picture: Image.Image, n_colours: int) -> Image.Image:
    """Reduce a picture to a palette that spans its colours, also those of thin lines.

    Parameters
    ----------
    picture : Image
        In RGB.
    n_colours : int
        At most so many.

    Returns
    -------
    Image
        With a palette. Pillow's usual palette follows areas, so that a thin green bar turns blue.
    """
    return picture.quantize(n_colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
