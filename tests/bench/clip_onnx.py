"""bench: clip_onnx.py MODEL OUT

The two towers of a CLIP model in Hugging Face layout (f32 safetensors, as
tests/peers/clip_model.py makes it) as OUT/images.onnx and OUT/texts.onnx, in
the operators that an export from transformers has.  Images: pixels
[n][3][224][224] to unit vectors.  Texts: ids [n][t] and the row of the end
mark [n], any t up to the context: exports that fix t at 77 are five times
slower.
"""
import json
import math
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def tensors(path):
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        head = json.loads(f.read(size))
        raw = np.frombuffer(f.read(), np.uint8)
    return {name: raw[slice(*t["data_offsets"])].view("<f4").reshape(
        t["shape"]) for name, t in head.items() if name != "__metadata__"}


class Graph:
    def __init__(self, weights):
        self.weights, self.nodes, self.inits, self.n = weights, [], {}, 0

    def const(self, value, dtype=np.float32):
        self.n += 1
        name = f"c{self.n}"
        self.inits[name] = np.asarray(value, dtype)
        return name

    def ints(self, *value):
        return self.const(value, np.int64)

    def op(self, kind, *inputs, **attributes):
        self.n += 1
        name = f"t{self.n}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def weight(self, name, turn=False):
        key = name + (".t" if turn else "")
        self.inits[key] = self.weights[name].T if turn else self.weights[name]
        return key

    def linear(self, x, name):
        y = self.op("MatMul", x, self.weight(name + ".weight", True))
        return self.op("Add", y, self.weight(name + ".bias"))

    def norm(self, x, name, eps):
        return self.op("LayerNormalization", x, self.weight(name + ".weight"),
                       self.weight(name + ".bias"), axis=-1, epsilon=eps)

    def heads(self, x, name, c, turn):
        h = c["num_attention_heads"]
        y = self.op("Reshape", self.linear(x, name),
                    self.ints(0, 0, h, c["hidden_size"] // h))
        return self.op("Transpose", y, perm=turn)

    def attention(self, x, name, c, mask):
        q = self.heads(x, name + ".q_proj", c, [0, 2, 1, 3])
        k = self.heads(x, name + ".k_proj", c, [0, 2, 3, 1])
        v = self.heads(x, name + ".v_proj", c, [0, 2, 1, 3])
        width = c["hidden_size"] // c["num_attention_heads"]
        s = self.op("Mul", self.op("MatMul", q, k),
                    self.const(1 / math.sqrt(width)))
        if mask is not None:
            s = self.op("Add", s, mask)
        y = self.op("MatMul", self.op("Softmax", s, axis=-1), v)
        y = self.op("Reshape", self.op("Transpose", y, perm=[0, 2, 1, 3]),
                    self.ints(0, 0, c["hidden_size"]))
        return self.linear(y, name + ".out_proj")

    def blocks(self, x, tower, c, mask=None):
        eps = c["layer_norm_eps"]
        for i in range(c["num_hidden_layers"]):
            p = f"{tower}.encoder.layers.{i}."
            y = self.norm(x, p + "layer_norm1", eps)
            x = self.op("Add", x, self.attention(y, p + "self_attn", c, mask))
            y = self.linear(self.norm(x, p + "layer_norm2", eps), p + "mlp.fc1")
            gate = self.op("Sigmoid", self.op("Mul", y, self.const(1.702)))
            y = self.linear(self.op("Mul", y, gate), p + "mlp.fc2")
            x = self.op("Add", x, y)
        return x

    def unit(self, x, name):
        x = self.op("MatMul", x, self.weight(name, True))
        norm = self.op("ReduceL2", x, self.ints(-1), keepdims=1)
        return self.op("Div", x, norm)

    def save(self, path, inputs, out):
        self.nodes.append(helper.make_node("Identity", [out], ["vectors"]))
        graph = helper.make_graph(
            self.nodes, "clip", inputs,
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT,
                                           ["n", None])],
            [numpy_helper.from_array(np.ascontiguousarray(a), name)
             for name, a in self.inits.items()])
        onnx.save(helper.make_model(
            graph, ir_version=9,
            opset_imports=[helper.make_opsetid("", 18)]), path)


def images(weights, config, path):
    c, g = config["vision_config"], Graph(weights)
    e, p, w = "vision_model.embeddings.", c["patch_size"], c["hidden_size"]
    x = g.op("Conv", "pixels", g.weight(e + "patch_embedding.weight"),
             strides=[p, p], kernel_shape=[p, p])
    x = g.op("Transpose", g.op("Reshape", x, g.ints(0, w, -1)), perm=[0, 2, 1])
    n = g.op("Slice", g.op("Shape", x), g.ints(0), g.ints(1))
    first = g.op("Expand", g.op("Reshape", g.weight(e + "class_embedding"),
                                g.ints(1, 1, w)),
                 g.op("Concat", n, g.ints(1, w), axis=0))
    x = g.op("Add", g.op("Concat", first, x, axis=1),
             g.weight(e + "position_embedding.weight"))
    x = g.norm(x, "vision_model.pre_layrnorm", c["layer_norm_eps"])
    x = g.blocks(x, "vision_model", c)
    x = g.op("Gather", x, g.const(0, np.int64), axis=1)
    x = g.norm(x, "vision_model.post_layernorm", c["layer_norm_eps"])
    size = c["image_size"]
    g.save(path, [helper.make_tensor_value_info(
        "pixels", TensorProto.FLOAT, ["n", 3, size, size])],
        g.unit(x, "visual_projection.weight"))


def texts(weights, config, path):
    c, g = config["text_config"], Graph(weights)
    e, most = "text_model.embeddings.", c["max_position_embeddings"]
    t = g.op("Slice", g.op("Shape", "ids"), g.ints(1), g.ints(2))
    zero = g.ints(0)
    x = g.op("Gather", g.weight(e + "token_embedding.weight"), "ids")
    x = g.op("Add", x, g.op("Slice", g.weight(
        e + "position_embedding.weight"), zero, t, zero))
    mask = g.op("Slice", g.const(np.triu(np.full((most, most), -1e9), 1)),
                g.ints(0, 0), g.op("Concat", t, t, axis=0), g.ints(0, 1))
    x = g.blocks(x, "text_model", c, mask)
    row = g.op("Unsqueeze", "ends", g.ints(1))
    x = g.op("GatherND", x, row, batch_dims=1)
    x = g.norm(x, "text_model.final_layer_norm", c["layer_norm_eps"])
    g.save(path, [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", "t"]),
        helper.make_tensor_value_info("ends", TensorProto.INT64, ["n"])],
        g.unit(x, "text_projection.weight"))


def main(model, out):
    weights = tensors(model + "/model.safetensors")
    with open(model + "/config.json") as f:
        config = json.load(f)
    images(weights, config, out + "/images.onnx")
    texts(weights, config, out + "/texts.onnx")


main(*sys.argv[1:])
