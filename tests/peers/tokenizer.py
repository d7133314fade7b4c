"""Texts for the tokenizer and the ids that CLIPTokenizerFast gives for them.

Reads a folder with vocab.json, merges.txt and tokenizer.json of a CLIP model;
writes into OUT, for each case NAME, a tokenizer folder NAME/, the texts
(NAME.jsonl, a JSON string a line) and what is right (NAME.want); and the list
of cases, "NAME CONTEXT MODE".  Seeded: the same texts each time.
usage: tokenizer.py MODEL OUT
"""
import json
import logging
import os
import random
import shutil
import sys

logging.disable(logging.CRITICAL)
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers  # noqa
from tokenizers.models import BPE  # noqa
from tokenizers.trainers import BpeTrainer  # noqa
from transformers import CLIPTokenizerFast  # noqa

MODEL, OUT = sys.argv[1:]
START, END = "<|startoftext|>", "<|endoftext|>"

SCRIPTS = [
    (0x20, 0x7e), (0x20, 0x7e), (0x61, 0x7a), (0x41, 0x5a), (0xa0, 0x17f),
    (0x180, 0x24f), (0x250, 0x2ff), (0x370, 0x3ff), (0x400, 0x52f),
    (0x531, 0x58f), (0x591, 0x5f4), (0x600, 0x6ff), (0x700, 0x7ff),
    (0x900, 0x97f), (0x980, 0x9ff), (0xb80, 0xbff), (0xd00, 0xd7f),
    (0xe00, 0xe7f), (0xe80, 0xeff), (0xf00, 0xfff), (0x1000, 0x109f),
    (0x10a0, 0x10ff), (0x1100, 0x11ff), (0x1200, 0x137f), (0x13a0, 0x13ff),
    (0x1780, 0x17ff), (0x1c80, 0x1cbf), (0x1e00, 0x1fff), (0x2000, 0x206f),
    (0x2070, 0x20cf), (0x2100, 0x218f), (0x2190, 0x23ff), (0x2460, 0x24ff),
    (0x2c00, 0x2dff), (0x3000, 0x30ff), (0x3131, 0x318e), (0x3200, 0x33ff),
    (0x4e00, 0x9fff), (0xa640, 0xa7ff), (0xac00, 0xd7a3), (0xf900, 0xfaff),
    (0xfb00, 0xfdff), (0xfe20, 0xfeff), (0xff00, 0xffee), (0x10400, 0x104ff),
    (0x10d00, 0x10d8f), (0x11000, 0x110cf), (0x11380, 0x113ff),
    (0x1d100, 0x1d1ff), (0x1d400, 0x1d7ff), (0x1e000, 0x1e95f),
    (0x1f100, 0x1f1ff), (0x1f300, 0x1faff), (0x20000, 0x2a6df),
    (0x2f800, 0x2fa1f), (0x105c0, 0x105ff), (0x16ea0, 0x16edf),
    (0xe0000, 0xe01ef), (0x10fff0, 0x10ffff),
]
SPACES = (list(map(chr, range(9, 14))) + [" "] * 8 + [
    "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\xa0", "\u1680", "\u180e",
    "\u2000", "\u2009", "\u200a", "\u200b", "\u2028", "\u2029", "\u202f",
    "\u205f", "\u2060", "\u3000", "\ufeff"])
MARKS = list(map(chr, (*range(0x300, 0x370), *range(0x591, 0x5c7),
                       *range(0x64b, 0x660), 0x93c, 0x94d, 0x1ab0, 0x1dc0,
                       0x20d0, 0x20e3, 0x3099, 0x309a, 0xfe0f, 0x7fd, 0x8d3,
                       0x1abf, 0x1df7, 0x10efd, 0x1e08f, 0x1d165)))
PIECES = [START, END, START.upper(), END.upper(), "<|StartOfText|>",
          "<|endoftext|", "<|", "|>", "<start_of_text>", "<|endoftext|>" * 2,
          "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'RE", "'Ll",
          "''s", "don't", "O'Neill's", "\u2019s", "&amp;", "&#39;", "\x00",
          "\u0130", "\u0131", "\u1e9e", "\u00df", "\ufb01", "\u212a", "\u212b",
          "\u03a3\u03a3", "\u017f", "<mask>", "<mask><mask>",
          "<MASK>", "<CatToy>", "!",
          "\U0001f468\u200d\U0001f469\u200d\U0001f467",
          "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "1\ufe0f\u20e3",
          "\u1100\u1161\u11a8", "\u2260", ">\u0338", "=\u0338", "e\u0301",
          "\u0958", "\u0915\u093c", "\u2126", "\u0344", "\u0f73", "\U0001d15e",
          "http://example.com/?a=1&b=2", "3.14159", "\u00bd", "\u2167",
          "\u0661\u0662", "\u4e09", "...", "\u2014", "\u3002", "_", "a_b"]
WORDS = """a photo of the cat dog red blue chart showing sales by year
 painting oil on canvas CLIP image text street at night two people riding
 bicycles an Airplane over mountain lake birthday cake screenshot""".split()

rnd = random.Random(4)


def char():
    lo, hi = rnd.choice(SCRIPTS)
    return chr(rnd.randint(lo, hi))


def word():
    kind = rnd.randrange(14)
    if kind < 4:
        return rnd.choice(WORDS)
    if kind == 4:
        return rnd.choice(PIECES)
    if kind == 5:
        return "".join(rnd.choice("aeiou") + rnd.choice(MARKS)
                       for _ in range(rnd.randint(1, 4)))
    if kind == 6:
        return char() + "".join(rnd.choices(MARKS, k=rnd.randint(1, 6)))
    if kind == 7:
        return "".join(rnd.choices("0123456789.,-%$", k=rnd.randint(1, 9)))
    if kind == 8:
        return "".join(rnd.choices("!?'<|>&;:#@ \"()[]", k=rnd.randint(1, 6)))
    if kind == 9:
        return chr(rnd.randrange(0x20)) + chr(rnd.randrange(0x7f, 0xa0))
    if kind == 10:
        return "".join(char() for _ in range(rnd.randint(1, 5)))
    lo, hi = rnd.choice(SCRIPTS)
    return "".join(chr(rnd.randint(lo, hi)) for _ in range(rnd.randint(1, 9)))


def text():
    kind = rnd.randrange(40)
    if kind == 0:
        return "".join(rnd.choices("abcdefinorst", k=rnd.randint(50, 4000)))
    if kind == 1:
        return rnd.choice("a!1\u4e00\u0301e\u00e9") * rnd.randint(1, 3000)
    if kind == 2:
        return "".join(rnd.choices(MARKS, k=rnd.randint(1, 200)))
    gap = rnd.choice(([" "], [" "], SPACES, [""], ["", " "]))
    return "".join(word() + rnd.choice(gap) + rnd.choice(
        ("", "", "", rnd.choice(SPACES))) for _ in range(rnd.randint(0, 14)))


def every_code_point():
    for c in range(0x110000):
        if not 0xd800 <= c < 0xe000:
            c = chr(c)
            yield "a%sb%s%s1\u0301%s\u0316\u0334 x%s\u0301" % (c, c, c, c, c)


def compositions():
    """What composes or reorders, in NFC's own terms, and Hangul."""
    nfd = normalizers.NFD()
    for c in range(0x110000):
        if not 0xd800 <= c < 0xe000:
            parts = nfd.normalize_str(chr(c))
            if parts != chr(c):
                yield parts + " " + parts[:1] + "\u0323" + parts[1:]


def folder(name, files, edit=None):
    path = os.path.join(OUT, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    for f in files:
        shutil.copyfile(os.path.join(MODEL, f), os.path.join(path, f))
    if edit is not None:
        file = os.path.join(path, "tokenizer.json")
        with open(file) as f:
            t = json.load(f)
        edit(t)
        with open(file, "w") as f:
            json.dump(t, f)
    return path


def published(t):
    """tokenizer.json as OpenAI's models have it."""
    t["added_tokens"][0]["normalized"] = True
    t["model"]["merges"] = [" ".join(m) for m in t["model"]["merges"]]
    split, byte = t["pre_tokenizer"]["pretokenizers"]
    split["pattern"]["Regex"] = (
        r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    byte.pop("use_regex")


def added(t):
    """More marks, as textual inversion and some trainers add them."""
    last = max(t["model"]["vocab"].values())
    for content, special, normalized in (
            ("<mask>", True, False), ("<CatToy>", False, True),
            ("<mask><mask>", False, False), ("\u00e9!", False, True)):
        last += 1
        t["added_tokens"].append({
            "id": last, "content": content, "single_word": False,
            "lstrip": content == "<mask>", "rstrip": False,
            "normalized": normalized, "special": special})


def trained(t):
    """Merges in many scripts, learnt from such texts as are compared."""
    small = Tokenizer(BPE(end_of_word_suffix="</w>"))
    small.normalizer = normalizers.Sequence([
        normalizers.NFC(), normalizers.Lowercase()])
    small.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(
            r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"),
            behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    small.train_from_iterator(
        [text() for _ in range(20000)], BpeTrainer(
            vocab_size=12000, end_of_word_suffix="</w>", show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    merges = json.loads(small.to_str())["model"]["merges"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {}
    for token in (letters + [c + "</w>" for c in letters] +
                  [a + b for a, b in merges] + [START, END]):
        vocab.setdefault(token, len(vocab))
    t["model"]["vocab"], t["model"]["merges"] = vocab, merges
    for mark in t["added_tokens"]:
        mark["id"] = vocab[mark["content"]]
    t["post_processor"]["cls"][1] = vocab[START]
    t["post_processor"]["sep"][1] = vocab[END]


def case(name, path, texts, context, mode):
    """Write texts and the ids that are right for them."""
    tokenizer = CLIPTokenizerFast.from_pretrained(path)
    start, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    backend = tokenizer._tokenizer
    backend.no_truncation()
    backend.no_padding()
    asked = texts
    if mode == "escape":
        # As if start and end stood for nothing: in upper case they do not,
        # where they are looked for in the text as it is.
        asked = [t.replace(START, START.upper()).replace(END, END.upper())
                 for t in texts]
    with open(os.path.join(OUT, name + ".jsonl"), "w") as f, \
            open(os.path.join(OUT, name + ".want"), "w") as w:
        for at in range(0, len(texts), 20000):
            for s, e in zip(texts[at:at + 20000],
                            backend.encode_batch(asked[at:at + 20000])):
                ids = e.ids
                assert ids[0] == start and ids[-1] == end
                cut = len(ids) > context
                if cut:
                    ids = ids[:context - 1] + [end]
                f.write(json.dumps(s, ensure_ascii=False) + "\n")
                w.write(" ".join(map(str, [int(cut)] + ids)) + "\n")
    with open(os.path.join(OUT, name + ".count"), "w") as f:
        f.write("%d\n" % len(texts))
    print(name, path, context, mode, flush=True)


pair = ["vocab.json", "merges.txt"]
config = ["tokenizer_config.json", "special_tokens_map.json"]
one = ["tokenizer.json"]
own = folder("own", pair + config + one)
texts = [text() for _ in range(8000)]
case("texts", own, texts, 77, "whole")
case("escaped", own, texts, 77, "escape")
case("short", own, texts[:2000], 5, "whole")
case("two-files", folder("two", pair + config), texts, 77, "whole")
case("published", folder("pub", one + config, published), texts, 77, "whole")
case("added", folder("add", one, added), texts, 256, "whole")
case("scripts", folder("learnt", one, trained),
     [text() for _ in range(8000)], 256, "whole")
case("compositions", own, list(compositions()), 256, "whole")
case("code-points", own, list(every_code_point()), 256, "whole")
