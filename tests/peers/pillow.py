"""peers: pillow.py DRIVER DIR COUNT

Makes images of every kind below DIR, gives the same files and sizes to Pillow
and to DRIVER (tests/peers/pillow.c), and compares the pixels: every byte must
be equal.  COUNT is the number of random sizes.  The numbers are seeded.
"""
import hashlib
import io
import os
import random
import subprocess
import sys
import warnings

import numpy as np
from PIL import Image, ImageOps

BICUBIC, BILINEAR = Image.Resampling.BICUBIC, Image.Resampling.BILINEAR
FILTERS = [BICUBIC, BILINEAR]


def on_white(im):
    """What convert_to_rgb() of transformers 5 does."""
    if "A" not in im.getbands() and im.info.get("transparency") is None:
        return im.convert("RGB")
    rgba = im.convert("RGBA")
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, rgba).convert("RGB")


def square(im, size, resample, squash, even):
    if squash:
        return im.resize((size, size), resample)
    short, long = sorted(im.size)
    other = int(size * long / short)
    w, h = (size, other) if im.width <= im.height else (other, size)
    im = im.resize((w, h), resample)
    if even:
        x, y = round((w - size) / 2), round((h - size) / 2)
    else:
        x, y = (w - size) // 2, (h - size) // 2
    return im.crop((x, y, x + size, y + size))


class Cases:
    def __init__(self, folder):
        self.folder = folder
        self.lines, self.want, self.names = [], [], []
        self.rng = random.Random(1)
        self.nprng = np.random.default_rng(1)

    def picture(self, width, height, channels):
        """Waves and noise: every level, soft and hard edges."""
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        out = np.empty((height, width, channels), np.uint8)
        for c in range(channels):
            f = self.nprng.uniform(0.02, 1.5, 2)
            wave = 127 + 160 * np.sin(x * f[0] + c) * np.cos(y * f[1])
            noise = self.nprng.integers(-40, 40, (height, width))
            out[..., c] = np.clip(wave + noise, 0, 255)
        return out if channels > 1 else out[..., 0]

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def save(self, name, im, kind, **options):
        data = io.BytesIO()
        im.save(data, kind, **options)
        return self.file(name, data.getvalue())

    def add(self, path, what="pixels", alpha=0, upright=False, shrink=0,
            args=(), opened=None):
        im = opened or Image.open(path)
        im.load()
        if upright:
            im = ImageOps.exif_transpose(im)
        im = on_white(im) if alpha == 0 else im.convert("RGB")
        if what == "resize":
            im = im.resize(args[:2], FILTERS[args[2]])
        elif what == "square":
            im = square(im, args[0], FILTERS[args[1]], args[2], args[3])
        digest = hashlib.sha256(im.tobytes()).hexdigest()
        self.want.append(f"{im.width} {im.height} {digest}")
        words = [path, alpha, 0 if upright else 1, shrink, what, *args]
        self.lines.append(" ".join(str(int(w) if isinstance(w, bool) else w)
                                   for w in words))

    def both(self, path, **more):
        self.add(path, alpha=0, **more)
        self.add(path, alpha=1, **more)


def jpegs(c):
    for i, (sub, size, more) in enumerate([
            (0, (97, 61), {}), (1, (64, 64), {}), (2, (333, 250), {}),
            (2, (17, 200), {"progressive": True}), (2, (1, 1), {}),
            (1, (255, 3), {"optimize": True}), (2, (500, 375), {}),
            (0, (16, 16), {"quality": 5}), (2, (640, 427),
                                            {"restart_marker_rows": 1})]):
        im = Image.fromarray(c.picture(*size, 3))
        c.both(c.save(f"rgb{i}.jpg", im, "JPEG", subsampling=sub, **more))
    c.both(c.save("grey.jpg", Image.fromarray(c.picture(99, 77, 1)), "JPEG"))
    cmyk = Image.fromarray(c.picture(99, 77, 4), "CMYK")
    c.both(c.save("cmyk.jpg", cmyk, "JPEG"))
    c.both(c.save("rgb.jpg", Image.fromarray(c.picture(31, 55, 3)), "JPEG",
                  keep_rgb=True))
    for o in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = o
        im = Image.fromarray(c.picture(60 + o, 45, 3))
        c.add(c.save(f"turn{o}.jpg", im, "JPEG", exif=exif), upright=True)
        c.add(c.save(f"turn{o}.png", im, "PNG", exif=exif), upright=True)
        c.add(c.save(f"turn{o}.webp", im, "WEBP", exif=exif), upright=True)


def palettes(c):
    rgb = Image.fromarray(c.picture(120, 80, 3))
    for colours in (2, 4, 16, 256):
        im = rgb.quantize(colours)
        c.both(c.save(f"p{colours}.png", im, "PNG"))
        c.both(c.save(f"t{colours}.png", im, "PNG", transparency=1))
        c.both(c.save(f"a{colours}.png", im, "PNG", transparency=bytes(
            range(0, 250, 250 // colours + 1))))
        c.both(c.save(f"p{colours}.gif", im, "GIF"))
        c.add(c.save(f"t{colours}.gif", im, "GIF", transparency=1))
        c.both(c.save(f"p{colours}.bmp", im, "BMP"))
    c.both(c.save("line.gif", rgb.quantize(64), "GIF", interlace=1))
    frames = [Image.fromarray(c.picture(50, 40, 3)) for _ in range(3)]
    for kind in ("GIF", "WEBP", "PNG"):
        c.add(c.save(f"moving.{kind.lower()}", frames[0], kind, save_all=True,
                     append_images=frames[1:], duration=50))


def pngs(c):
    for channels, mode in ((1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")):
        im = Image.fromarray(c.picture(83, 59, channels), mode)
        c.both(c.save(f"{mode}.png", im, "PNG"))
    bit = Image.fromarray(c.picture(83, 59, 1)).convert("1")
    c.both(c.save("bit.png", bit, "PNG"))
    c.both(c.save("bit.bmp", bit, "BMP"))
    c.both(c.save("key.png", Image.fromarray(c.picture(40, 40, 1) // 32), "PNG",
                  transparency=3))
    few = Image.fromarray(c.picture(40, 40, 3) // 64)
    c.both(c.save("keys.png", few, "PNG", transparency=(1, 2, 1)))


def others(c):
    rgb = Image.fromarray(c.picture(83, 59, 3))
    rgba = Image.fromarray(c.picture(83, 59, 4), "RGBA")
    for quality in (20, 80, 100):
        c.both(c.save(f"q{quality}.webp", rgb, "WEBP", quality=quality))
        c.both(c.save(f"qa{quality}.webp", rgba, "WEBP", quality=quality))
    c.both(c.save("whole.webp", rgb, "WEBP", lossless=True))
    c.both(c.save("wholea.webp", rgba, "WEBP", lossless=True, exact=True))
    c.both(c.save("rgb.bmp", rgb, "BMP"))
    c.both(c.save("rgba.bmp", rgba, "BMP"))
    c.both(c.save("rgb.ppm", rgb, "PPM"))
    c.both(c.save("grey.pgm", rgb.convert("L"), "PPM"))
    for packed in (None, "tga_rle"):
        c.both(c.save(f"rgb{packed}.tga", rgb, "TGA", compression=packed))
        c.both(c.save(f"rgba{packed}.tga", rgba, "TGA", compression=packed))
        c.both(c.save(f"l{packed}.tga", rgb.convert("L"), "TGA",
                      compression=packed))


def phashes(c):
    """The hash from its definition, in floating point; a bit may differ where
    a frequency is all but the median, so such pictures are left out."""
    k = np.arange(32)
    base = np.cos(np.pi * (2 * k[None, :] + 1) * k[:8, None] / 64)
    for i in range(60):
        noise = c.picture(c.rng.randint(1, 300), c.rng.randint(1, 300), 3)
        im = Image.fromarray(noise)
        small = im.resize((32, 32), BILINEAR).convert("L")
        low = (base @ np.asarray(small, float) @ base.T).ravel()
        off = low - np.median(low[1:])
        if np.sort(np.abs(off))[1] < 0.5:   # the median itself is one of them
            continue
        path = c.save(f"hash{i}.ppm", im, "PPM")
        bits = "".join("1" if v > 1e-6 else "0" for v in off)
        c.lines.append(f"{path} 0 1 0 phash")
        c.want.append(f"{int(bits, 2):016x}")


def shrinks(c):
    """draft() chooses among 1, 2, 4, 8; so do sizes that leave no other."""
    im = Image.fromarray(c.picture(640, 480, 3))
    path = c.save("large.jpg", im, "JPEG", quality=90)
    for side, n in ((480, 8), (240, 4), (120, 2), (60, 1)):
        opened = Image.open(path)
        if n < 8:
            opened.draft("RGB", (640 * n // 8, 480 * n // 8))
        c.add(path, shrink=side, opened=opened)


def sizes(c, count):
    """Random sizes: small, tall, wide, growing, shrinking, one way each."""
    def side():
        return int(2 ** c.rng.uniform(0, c.rng.choice((4, 8, 10.5))))

    fixed = [(1, 1), (1, 500), (500, 1), (300, 3000), (224, 224), (224, 448),
             (224, 449), (448, 224), (2, 3), (337, 224), (225, 225), (223, 999)]
    for i in range(count):
        w, h = fixed[i] if i < len(fixed) else (side(), side())
        im = Image.fromarray(c.picture(w, h, 3))
        path = c.save(f"size{i}.ppm", im, "PPM")
        for f in (0, 1):
            to = (side(), side())
            c.add(path, "resize", args=(*to, f), opened=im)
            c.add(path, "resize", args=(w, to[1], f), opened=im)
            c.add(path, "resize", args=(to[0], h, f), opened=im)
        for even in (0, 1):
            size = c.rng.choice((32, 224, 224, 336, side()))
            if max(w, h) / min(w, h) * size < 20000:
                c.add(path, "square", args=(size, i % 2, 0, even), opened=im)
        c.add(path, "square", args=(c.rng.choice((32, 224)), i % 2, 1, 0),
              opened=im)


def main():
    warnings.simplefilter("ignore")
    driver, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    c = Cases(folder)
    for part in (jpegs, palettes, pngs, others, shrinks, phashes):
        part(c)
    sizes(c, count)
    got = subprocess.run([driver], input="\n".join(c.lines) + "\n", text=True,
                         capture_output=True, check=True).stdout.splitlines()
    bad = [(line, w, g) for line, w, g in zip(c.lines, c.want, got) if w != g]
    for line, want, have in bad[:20]:
        print(f"{line}\n  Pillow {want}\n  ours   {have}")
    failed = len(bad) + abs(len(got) - len(c.lines))
    print(f"{len(c.lines) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
