"""A CLIP model of real size with seeded random weights, in Hugging Face layout.

usage: clip_model.py ARCH TOKENIZER_DIR OUT_DIR

ARCH: ViT-B-32, ViT-B-16, ViT-L-14 or ViT-H-14.  The tokenizer's files are
copied, so ids stay below its vocabulary.  Biases and layer norms vary and
attention is sharp, so that a wrong bias or scale shows.  Needs numpy.
"""
import json
import os
import shutil
import struct
import sys

import numpy as np

ARCH = {
    # patch, (width, layers, heads) of images, of texts, dim, activation
    "ViT-B-32": (32, (768, 12, 12), (512, 12, 8), 512, "quick_gelu"),
    "ViT-B-16": (16, (768, 12, 12), (512, 12, 8), 512, "quick_gelu"),
    "ViT-L-14": (14, (1024, 24, 16), (768, 12, 12), 768, "quick_gelu"),
    "ViT-H-14": (14, (1280, 32, 16), (1024, 24, 16), 1024, "gelu"),
}
VOCAB = 49408


def linear(rng, name, n, k, gain=1.0):
    yield name + ".weight", rng.standard_normal((n, k), dtype="f4") * (
        np.float32(gain / k**0.5))
    yield name + ".bias", rng.standard_normal(n, dtype="f4") * np.float32(.1)


def norm(rng, name, n):
    yield name + ".weight", 1 + rng.standard_normal(n, dtype="f4") * (
        np.float32(.2))
    yield name + ".bias", rng.standard_normal(n, dtype="f4") * np.float32(.2)


def blocks(rng, tower, width, layers):
    for i in range(layers):
        p = f"{tower}.encoder.layers.{i}."
        for part, gain in (("q", 2), ("k", 2), ("v", 1), ("out", .5)):
            yield from linear(rng, p + f"self_attn.{part}_proj", width,
                              width, gain)
        yield from norm(rng, p + "layer_norm1", width)
        yield from norm(rng, p + "layer_norm2", width)
        yield from linear(rng, p + "mlp.fc1", 4 * width, width, 1.5)
        yield from linear(rng, p + "mlp.fc2", width, 4 * width, .7)


def tensors(arch):
    patch, vision, text, dim, _ = ARCH[arch]
    rng = np.random.default_rng(20261123)

    def small(*shape):
        return rng.standard_normal(shape, dtype="f4") * np.float32(.3)

    side = 224 // patch
    yield "logit_scale", np.array(4.6052, dtype="f4")
    w = vision[0]
    v = "vision_model.embeddings."
    yield v + "class_embedding", small(w)
    yield v + "patch_embedding.weight", small(w, 3, patch, patch) * (
        np.float32(4 / patch))
    yield v + "position_embedding.weight", small(side * side + 1, w)
    yield from norm(rng, "vision_model.pre_layrnorm", w)
    yield from blocks(rng, "vision_model", *vision[:2])
    yield from norm(rng, "vision_model.post_layernorm", w)
    yield "visual_projection.weight", small(dim, w)
    w = text[0]
    t = "text_model.embeddings."
    yield t + "token_embedding.weight", small(VOCAB, w)
    yield t + "position_embedding.weight", small(77, w)
    yield from blocks(rng, "text_model", *text[:2])
    yield from norm(rng, "text_model.final_layer_norm", w)
    yield "text_projection.weight", small(dim, w)


def write_safetensors(path, named):
    """Header first, so sizes are taken before: keep all in memory."""
    named = list(named)
    head, at = {}, 0
    for name, a in named:
        head[name] = {"dtype": "F32", "shape": list(a.shape),
                      "data_offsets": [at, at + a.nbytes]}
        at += a.nbytes
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)))
        f.write(text)
        for _, a in named:
            f.write(np.ascontiguousarray(a, dtype="<f4").tobytes())


def config(arch):
    patch, vision, text, dim, act = ARCH[arch]

    def tower(w, layers, heads):
        return {"hidden_size": w, "intermediate_size": 4 * w,
                "num_hidden_layers": layers, "num_attention_heads": heads,
                "hidden_act": act, "layer_norm_eps": 1e-5,
                "projection_dim": dim}

    return {
        "architectures": ["CLIPModel"], "model_type": "clip",
        "projection_dim": dim, "logit_scale_init_value": 2.6592,
        "vision_config": tower(*vision) | {
            "image_size": 224, "patch_size": patch, "num_channels": 3,
            "model_type": "clip_vision_model"},
        "text_config": tower(*text) | {
            "vocab_size": VOCAB, "max_position_embeddings": 77,
            "bos_token_id": 4094, "eos_token_id": 4095,
            "pad_token_id": 4095, "model_type": "clip_text_model"},
    }


def main():
    arch, tokenizer, out = sys.argv[1:4]
    os.makedirs(out, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.json",
                 "merges.txt", "special_tokens_map.json"):
        shutil.copy(os.path.join(tokenizer, name), out)
    with open(os.path.join(tokenizer, "preprocessor_config.json")) as f:
        pre = json.load(f)
    pre["size"] = {"shortest_edge": 224}
    pre["crop_size"] = {"height": 224, "width": 224}
    with open(os.path.join(out, "preprocessor_config.json"), "w") as f:
        json.dump(pre, f)
    with open(os.path.join(out, "config.json"), "w") as f:
        json.dump(config(arch), f, indent=1)
    write_safetensors(os.path.join(out, "model.safetensors"), tensors(arch))


main()
