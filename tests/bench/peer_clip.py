"""bench: peer_clip.py PEER images|texts LIST OUT MODEL ONNX

Unit vectors of what LIST names, a file or a text a line, by a peer: ort
(onnxruntime, f32), ov-f32, ov (OpenVINO, its default), ov-int8 (NNCF,
calibrated on the first files of LIST), torch, torch-bf16 (transformers'
CLIPModel, autocast).  Files are prepared by Pillow in two threads ahead of the
model, in batches of 16; texts go in batches of 64, padded to the longest.  The
first eighth goes through once before the clock starts.  Writes raw f32 to OUT;
prints seconds and seconds of CPU.  MODEL is a Hugging Face folder, ONNX one of
clip_onnx.py; nothing is loaded that the peer does not need.
"""
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

THREADS = os.cpu_count()
IMAGES, TEXTS, SIDE = 16, 64, 224


def prepare(paths):
    """As CLIPImageProcessor does it with Pillow: [n][3][224][224]."""
    from PIL import Image
    out = np.empty((len(paths), SIDE, SIDE, 3), np.float32)
    for i, path in enumerate(paths):
        im = Image.open(path).convert("RGB")
        w, h = im.size
        w, h = (SIDE, SIDE * h // w) if w <= h else (SIDE * w // h, SIDE)
        im = im.resize((w, h), Image.Resampling.BICUBIC)
        x, y = (w - SIDE) // 2, (h - SIDE) // 2
        out[i] = im.crop((x, y, x + SIDE, y + SIDE))
    out *= SCALE
    out += SHIFT
    return (np.ascontiguousarray(out.transpose(0, 3, 1, 2)),)


def tokens(texts):
    rows = [t.ids for t in TOKENIZER.encode_batch(texts)]
    longest = max(map(len, rows))
    ids = np.full((len(rows), longest), rows[0][-1], np.int64)
    for i, row in enumerate(rows):
        ids[i, :len(row)] = row
    return ids, np.array([len(row) - 1 for row in rows], np.int64)


def ort(kind):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(f"{ONNX}/{kind}.onnx", options, [
        "CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]

    def run(batches):
        for batch in batches:
            yield session.run(None, dict(zip(names, batch)))[0]
    return run


def quantized(core, kind, paths):
    """Eight bits by NNCF; made once, for all runs."""
    import nncf
    path = f"{ONNX}/{kind}-int8.xml"
    model = core.read_model(f"{ONNX}/{kind}.onnx")
    if not os.path.exists(path):
        import openvino
        samples = [prepare([p])[0] for p in paths[:300]]
        openvino.save_model(nncf.quantize(
            model, nncf.Dataset(samples), subset_size=len(samples),
            model_type=nncf.ModelType.TRANSFORMER), path)
    return core.read_model(path)


def ov(kind, precision, paths):
    """A stream a core: the fastest for files in the measurements."""
    import openvino
    core = openvino.Core()
    model = quantized(core, kind, paths) if precision == "int8" else (
        core.read_model(f"{ONNX}/{kind}.onnx"))
    options = {"NUM_STREAMS": THREADS, "INFERENCE_NUM_THREADS": THREADS}
    if precision == "f32":
        options["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = core.compile_model(model, "CPU", options)
    queue = openvino.AsyncInferQueue(compiled, THREADS)
    print(compiled.get_property("INFERENCE_PRECISION_HINT"), file=sys.stderr)

    def run(batches):
        got = {}
        queue.set_callback(lambda request, i: got.__setitem__(
            i, request.get_output_tensor(0).data.copy()))
        for i, batch in enumerate(batches):
            queue.start_async(list(batch), i)
        queue.wait_all()
        yield from (got[i] for i in sorted(got))
    return run


def torch_model(kind, half):
    import torch
    from transformers import CLIPModel
    torch.set_num_threads(THREADS)
    model = CLIPModel.from_pretrained(MODEL, dtype=torch.float32).eval()

    def vectors(batch):
        if kind == "images":
            out = model.get_image_features(pixel_values=torch.from_numpy(
                batch[0]))
        else:
            ids = torch.from_numpy(batch[0])
            ends = torch.from_numpy(batch[1])[:, None]
            mask = torch.arange(ids.shape[1])[None] <= ends
            out = model.get_text_features(input_ids=ids,
                                          attention_mask=mask.long())
        out = getattr(out, "pooler_output", out).float()
        return (out / out.norm(dim=-1, keepdim=True)).numpy()

    def run(batches):
        with torch.inference_mode(), torch.autocast(
                "cpu", torch.bfloat16, enabled=half):
            for batch in batches:
                yield vectors(batch)
    return run


def ahead(function, items, size):
    """What function makes of slices, by two threads, two batches ahead."""
    slices = [items[i:i + size] for i in range(0, len(items), size)]
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = []
        for s in slices:
            waiting.append(pool.submit(function, s))
            if len(waiting) > THREADS + 2:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def all_of(run, kind, items):
    make, size = (prepare, IMAGES) if kind == "images" else (tokens, TEXTS)
    return np.concatenate(list(run(ahead(make, items, size))))


def main(peer, kind, path, out):
    with open(path) as f:
        items = f.read().splitlines()
    if peer == "ort":
        run = ort(kind)
    elif peer.startswith("ov"):
        run = ov(kind, peer[3:], items)
    else:
        run = torch_model(kind, peer == "torch-bf16")
    all_of(run, kind, items[:(len(items) + 7) // 8])
    cpu, began = time.process_time(), time.monotonic()
    got = all_of(run, kind, items)
    print(f"{time.monotonic() - began:.3f} {time.process_time() - cpu:.3f}")
    got.astype("<f4").tofile(out)


MODEL, ONNX = sys.argv[5:7]
if sys.argv[2] == "texts":
    import tokenizers
    TOKENIZER = tokenizers.Tokenizer.from_file(MODEL + "/tokenizer.json")
    TOKENIZER.enable_truncation(77)
with open(MODEL + "/preprocessor_config.json") as f:
    pre = json.load(f)
SCALE = (1 / (255 * np.array(pre["image_std"]))).astype(np.float32)
SHIFT = (-np.array(pre["image_mean"]) / pre["image_std"]).astype(np.float32)
main(*sys.argv[1:5])
