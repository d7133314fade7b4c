"""Vectors by transformers and by open_clip, for tests/peers/clip.sh.

usage: clip_torch.py transformers MODEL DIR
       clip_torch.py openclip ARCH MODEL DIR

transformers: DIR/want gets what CLIPModel makes of MODEL's squares and ids, in
float32.  openclip: DIR becomes a model in OpenCLIP's layout with open_clip's
own seeded weights, with MODEL's squares, ids of its own, and DIR/want.
"""
import json
import os
import shutil
import sys

import numpy as np
import torch

FILES = ("squares", "images", "ids")


def inputs(folder, side, mean, std):
    x = np.fromfile(folder + "/squares", np.uint8).reshape(-1, side, side, 3)
    x = (x / 255. - mean) / std
    with open(folder + "/ids") as f:
        ids = [[int(i) for i in line.split()] for line in f]
    return torch.from_numpy(x.transpose(0, 3, 1, 2)).float(), ids


def save(folder, images, texts):
    out = torch.cat([images, texts]).double()
    out /= out.norm(dim=-1, keepdim=True)
    out.numpy().astype("<f8").tofile(folder + "/want")


def by_transformers(model, out):
    from transformers import CLIPModel
    os.makedirs(out, exist_ok=True)
    for name in os.listdir(model):
        if name != "want":
            if os.path.lexists(f"{out}/{name}"):
                os.remove(f"{out}/{name}")
            os.symlink(os.path.abspath(f"{model}/{name}"), f"{out}/{name}")
    with open(model + "/preprocessor_config.json") as f:
        pre = json.load(f)
    clip = CLIPModel.from_pretrained(model, dtype=torch.float32).eval()
    c = clip.config
    x, ids = inputs(model, c.vision_config.image_size, pre["image_mean"],
                    pre["image_std"])
    t = c.text_config
    padded = torch.tensor([i + [t.eos_token_id] * (
        t.max_position_embeddings - len(i)) for i in ids])
    mask = torch.tensor([[1] * len(i) + [0] * (
        t.max_position_embeddings - len(i)) for i in ids])

    def tensor(v):
        return getattr(v, "pooler_output", v)

    with torch.inference_mode():
        save(out, tensor(clip.get_image_features(pixel_values=x)),
             tensor(clip.get_text_features(input_ids=padded,
                                           attention_mask=mask)))


def by_open_clip(arch, model, out):
    import open_clip
    from safetensors.torch import save_file
    os.makedirs(out, exist_ok=True)
    torch.manual_seed(1)
    clip = open_clip.create_model(arch, pretrained=None).float().eval()
    with torch.no_grad():       # as it begins, biases are 0 and norms 1
        for name, p in clip.named_parameters():
            if name != "logit_scale" and p.ndim == 1:
                p += torch.randn_like(p) * .1
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.json",
                 "merges.txt", "special_tokens_map.json", *FILES):
        shutil.copy(f"{model}/{name}", out)
    mean, std = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD
    with open(out + "/open_clip_config.json", "w") as f:
        json.dump({"model_cfg": open_clip.get_model_config(arch),
                   "preprocess_cfg": {"mean": mean, "std": std}}, f)
    save_file({k: v.contiguous() for k, v in clip.state_dict().items()},
              out + "/open_clip_model.safetensors")
    x, ids = inputs(out, clip.visual.image_size[0], mean, std)
    ids = [[49406, *i[1:-1], 49407] for i in ids]
    with open(out + "/ids", "w") as f:
        f.writelines(" ".join(map(str, i)) + "\n" for i in ids)
    padded = torch.tensor([i + [0] * (clip.context_length - len(i))
                           for i in ids])
    with torch.inference_mode():
        save(out, clip.encode_image(x), clip.encode_text(padded))


if sys.argv[1] == "transformers":
    by_transformers(*sys.argv[2:])
else:
    by_open_clip(*sys.argv[2:])
