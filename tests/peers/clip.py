"""CLIP in float64 with numpy, written from the papers: the peer of ours.

usage: clip.py make DIR IMAGES TEXTS WORK	squares, ids and what is right
       clip.py compare WORK GOT			least cosines, two numbers

DIR is a model of clip_model.py.  Nothing here is shared with ours: no fused
weights, no folded pixels, texts padded to the whole context.
"""
import json
import math
import os
import struct
import sys

import numpy as np


def load(path):
    """Tensors of a safetensors file, by name, as float64 on use."""
    with open(path, "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        start = f.tell()
    raw = np.memmap(path, np.uint8, "r", start)
    return lambda name: raw[slice(*head[name]["data_offsets"])].view(
        "<f4").reshape(head[name]["shape"]).astype("f8")


def layer_norm(x, get, name, eps):
    d = x - x.mean(-1, keepdims=True)
    return d / np.sqrt((d * d).mean(-1, keepdims=True) + eps) * get(
        name + ".weight") + get(name + ".bias")


def linear(x, get, name):
    return x @ get(name + ".weight").T + get(name + ".bias")


def activate(x, name):
    if name == "quick_gelu":
        return x / (1 + np.exp(-1.702 * x))
    return x * .5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def attention(x, get, name, heads, mask):
    n, t, w = x.shape

    def split(part):
        return linear(x, get, f"{name}.{part}_proj").reshape(
            n, t, heads, w // heads).transpose(0, 2, 1, 3)

    s = split("q") @ split("k").transpose(0, 1, 3, 2) / math.sqrt(w // heads)
    if mask:
        s = s + np.triu(np.full((t, t), -np.inf), 1)
    s = np.exp(s - s.max(-1, keepdims=True))
    s /= s.sum(-1, keepdims=True)
    y = (s @ split("v")).transpose(0, 2, 1, 3).reshape(n, t, w)
    return linear(y, get, name + ".out_proj")


def blocks(x, get, tower, cfg, mask):
    eps = cfg["layer_norm_eps"]
    for i in range(cfg["num_hidden_layers"]):
        p = f"{tower}.encoder.layers.{i}."
        h = layer_norm(x, get, p + "layer_norm1", eps)
        x = x + attention(h, get, p + "self_attn",
                          cfg["num_attention_heads"], mask)
        h = layer_norm(x, get, p + "layer_norm2", eps)
        h = activate(linear(h, get, p + "mlp.fc1"), cfg["hidden_act"])
        x = x + linear(h, get, p + "mlp.fc2")
    return x


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def encode_images(squares, get, cfg, pre):
    v = cfg["vision_config"]
    x = (squares / 255. - pre["image_mean"]) / pre["image_std"]
    n, side, p = len(x), v["image_size"] // v["patch_size"], v["patch_size"]
    x = x[:, :side * p, :side * p].reshape(n, side, p, side, p, 3)
    x = x.transpose(0, 1, 3, 5, 2, 4).reshape(n, side * side, -1)
    e = "vision_model.embeddings."
    x = x @ get(e + "patch_embedding.weight").reshape(
        v["hidden_size"], -1).T
    x = np.concatenate([np.broadcast_to(
        get(e + "class_embedding"), (n, 1, v["hidden_size"])), x], 1)
    x = x + get(e + "position_embedding.weight")
    eps = v["layer_norm_eps"]
    x = layer_norm(x, get, "vision_model.pre_layrnorm", eps)
    x = blocks(x, get, "vision_model", v, False)[:, 0]
    x = layer_norm(x, get, "vision_model.post_layernorm", eps)
    return unit(x @ get("visual_projection.weight").T)


def encode_texts(ids, get, cfg):
    t = cfg["text_config"]
    context, end = t["max_position_embeddings"], t["eos_token_id"]
    full = np.array([i + [end] * (context - len(i)) for i in ids])
    e = "text_model.embeddings."
    x = get(e + "token_embedding.weight")[full] + get(
        e + "position_embedding.weight")
    x = blocks(x, get, "text_model", t, True)
    x = layer_norm(x, get, "text_model.final_layer_norm",
                   t["layer_norm_eps"])
    at = (full == end).argmax(1)
    return unit(x[np.arange(len(full)), at] @ get(
        "text_projection.weight").T)


def squares_of(n, side, rng):
    """Smooth colours with edges and noise, each image of its own kind."""
    y, x = np.mgrid[:side, :side][..., None] / side
    for i in range(n):
        f, a = rng.uniform(1, 12, (2, 3)), rng.uniform(20, 127, 3)
        im = 128 + a * np.sin(f[0] * x * (1 + i % 3)) * np.cos(f[1] * y)
        im[rng.integers(side):, rng.integers(side):] = rng.uniform(0, 255, 3)
        im += rng.normal(0, 1 + 10 * (i % 4), im.shape)
        yield np.clip(im, 0, 255).astype(np.uint8)


def make(model, images, texts, work):
    rng = np.random.default_rng(1)
    os.makedirs(work, exist_ok=True)
    with open(model + "/config.json") as f:
        cfg = json.load(f)
    with open(model + "/preprocessor_config.json") as f:
        pre = json.load(f)
    t = cfg["text_config"]
    squares = np.stack(list(squares_of(
        images, cfg["vision_config"]["image_size"], rng)))
    squares.tofile(work + "/squares")
    ids = [[t["bos_token_id"],
            *map(int, rng.integers(0, t["bos_token_id"], n)),
            t["eos_token_id"]] for n in np.linspace(0, 75, texts, dtype=int)]
    with open(work + "/ids", "w") as f:
        f.writelines(" ".join(map(str, i)) + "\n" for i in ids)
    get = load(model + "/model.safetensors")
    want = [encode_images(squares[i:i + 1], get, cfg, pre)
            for i in range(images)] + [encode_texts(ids, get, cfg)]
    np.concatenate(want).astype("<f8").tofile(work + "/want")
    with open(work + "/images", "w") as f:
        f.write(str(images))


def compare(work, got):
    with open(work + "/images") as f:
        images = int(f.read())
    got, want = np.fromfile(got, "<f4"), np.fromfile(work + "/want", "<f8")
    n = np.flatnonzero(np.isclose(np.cumsum(want * want), 1, atol=1e-9))
    dim = int(n[0]) + 1
    cos = (got.reshape(-1, dim) * want.reshape(-1, dim)).sum(1)
    other = want.reshape(-1, dim)[:images]
    other = (other @ other.T)[np.triu_indices(images, 1)]
    print(f"{cos[:images].min():.9f} {cos[images:].min():.9f}"
          f" {other.max():.3f}")


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
else:
    compare(*sys.argv[2:4])
