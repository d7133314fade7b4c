"""bench: peer_pillow.py ROUNDS FILE...
      peer_pillow.py make FOLDER [COUNT]

Milliseconds of CPU a file, as tests/bench/decode.c prints them, by Pillow:
decode to RGB, and cut to 224 x 224 as CLIP's processor does; with draft() too,
which chooses among 1, 2, 4 and 8 eighths.  "make" writes twelve pictures with
the spectrum of photographs (amplitude falls as 1/f), 500 x 375 and 1632 x
1224, 4:2:0, quality 85; or with COUNT that many of each size.
"""
import io
import statistics
import sys
import time

import numpy as np
from PIL import Image

SIDE = 224


def make(folder, count=6):
    rng = np.random.default_rng(7)
    for name, w, h in (("small", 500, 375), ("large", 1632, 1224)):
        fy = np.fft.fftfreq(h)[:, None] * h
        fx = np.fft.rfftfreq(w)[None, :] * w
        fall = 1 / np.maximum(1, np.hypot(fx, fy)) ** 1.2
        for i in range(count):
            planes = []
            for strength in (1, 0.3, 0.3):      # luma, and less of colour
                noise = np.fft.rfft2(rng.standard_normal((h, w)))
                plane = np.fft.irfft2(noise * fall, (h, w))
                planes.append(128 + 50 * strength * plane / plane.std())
            ycc = np.clip(np.dstack(planes), 0, 255).astype(np.uint8)
            im = Image.fromarray(ycc, "YCbCr").convert("RGB")
            im.save(f"{folder}/{name}{i}.jpg", quality=85)


def cut(im):
    w, h = im.size
    if w <= h:
        w, h = SIDE, int(SIDE * h / w)
    else:
        w, h = int(SIDE * w / h), SIDE
    im = im.resize((w, h), Image.Resampling.BICUBIC)
    x, y = (w - SIDE) // 2, (h - SIDE) // 2
    return im.crop((x, y, x + SIDE, y + SIDE))


def decode(data, short=0):
    im = Image.open(io.BytesIO(data))
    if short:
        w, h = im.size
        side = min(w, h)
        im.draft("RGB", (short * w // side, short * h // side))
    im.load()
    return im


WAYS = {
    "decode": lambda data, ready: decode(data),
    "exact": lambda data, ready: cut(decode(data)),
    "fast-448": lambda data, ready: cut(decode(data, 448)),
    "fast-224": lambda data, ready: cut(decode(data, 224)),
    "cut": lambda data, ready: cut(ready),
}


def main():
    if sys.argv[1] == "make":
        make(sys.argv[2], *map(int, sys.argv[3:]))
        return
    files = [open(path, "rb").read() for path in sys.argv[2:]]
    ready = [decode(data) for data in files]
    took = {name: [] for name in WAYS}
    for _ in range(int(sys.argv[1])):
        for name, way in WAYS.items():
            began = time.process_time()
            for data, im in zip(files, ready):
                way(data, im)
            took[name].append(1e3 * (time.process_time() - began) / len(files))
    for name, ms in took.items():
        print(f"{name} {statistics.median(ms):.3f}")


main()
