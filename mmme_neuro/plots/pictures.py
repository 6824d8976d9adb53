"""Small pictures that keep their colors."""

from PIL import Image


def few_colors(picture: Image.Image, n_colors: int) -> Image.Image:
    """Reduce a picture to a palette that spans its colors, also those of thin lines.

    Parameters
    ----------
    picture : Image
        In RGB.
    n_colors : int
        At most so many.

    Returns
    -------
    Image
        With a palette. Pillow's usual palette follows areas, so that a thin green bar turns blue.
    """
    return picture.quantize(n_colors, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
