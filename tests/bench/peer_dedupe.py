"""bench: peer_dedupe.py make FILE N | HOW FILE | judge FILE KEPT [N]

make: N questions, every third a near copy of an earlier one.
HOW datasketch or rensa: what their users write, 80 permutations in 16 bands of
5 rows, shingles of 5 characters; each text that meets an earlier one is
dropped.  Prints "kept N".
judge: precision and recall of what KEPT leaves out of the first N lines of
FILE, against the exact Jaccard similarity of all pairs at 0.8: a text is to be
dropped if it is that near to an earlier one that is itself kept.
"""
import json
import random
import sys

GRAM, PERM, BANDS, LEAST = 5, 80, 16, 0.8
WORDS = ("how many what which colour shape number left right above below "
         "person dog cat car sign street window table cup chart bar line "
         "value highest lowest year sum between near behind holding wearing "
         "reads says text label axis red green blue yellow wooden metal two "
         "three several compare explain why because image shown figure angle "
         "triangle circle radius area length solve equation find next "
         "pattern row column missing piece").split()


def make(path, n):
    rng = random.Random(5)
    texts = []
    with open(path, "w", encoding="utf-8") as f:
        for i in range(n):
            if i % 3 == 2:
                words = texts[rng.randrange(len(texts))].split()
                for _ in range(rng.randrange(0, 5)):
                    words[rng.randrange(len(words))] = rng.choice(WORDS)
                text = " ".join(words)
            else:
                text = " ".join(rng.choice(WORDS)
                                for _ in range(rng.randrange(12, 30)))
                texts.append(text)
            f.write(json.dumps({"n": i, "question": text}) + "\n")


def grams(text):
    text = text.encode()
    return {text[i:i + GRAM] for i in range(max(1, len(text) - GRAM + 1))}


def read(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            yield json.loads(line)


def datasketch(path):
    from datasketch import MinHash, MinHashLSH
    lsh = MinHashLSH(num_perm=PERM, params=(BANDS, PERM // BANDS))
    kept = 0
    for row in read(path):
        m = MinHash(num_perm=PERM)
        m.update_batch(list(grams(row["question"])))
        if not lsh.query(m):
            lsh.insert(row["n"], m)
            kept += 1
    return kept


def rensa(path):
    from rensa import RMinHash, RMinHashLSH
    sets = [list(grams(row["question"])) for row in read(path)]
    matrix = RMinHash.digest_matrix_from_token_byte_sets(sets, PERM, 42)
    lsh = RMinHashLSH(LEAST, PERM, BANDS)
    flags = lsh.insert_matrix_and_query_duplicate_flags(matrix)
    return len(flags) - sum(flags)


def judge(path, kept_path, n):
    import numpy as np
    from scipy.sparse import csr_matrix
    ours = {row["n"] for row in read(kept_path)}
    vocab, where, starts = {}, [], [0]
    for row, _ in zip(read(path), range(n)):
        where += [vocab.setdefault(g, len(vocab))
                  for g in grams(row["question"])]
        starts.append(len(where))
    n = len(starts) - 1
    x = csr_matrix((np.ones(len(where), np.float32), where, starts),
                   shape=(n, len(vocab)))
    size = np.diff(starts)
    kept = np.zeros(n, bool)
    for first in range(0, n, 1000):
        both = (x[first:first + 1000] @ x[:first + 1000].T).toarray()
        for i in range(first, min(first + 1000, n)):
            row = both[i - first, :i]
            like = row / (size[i] + size[:i] - row)
            kept[i] = not (like[kept[:i]] >= LEAST).any()
    should = {i for i in range(n) if not kept[i]}
    did = {i for i in range(n) if i not in ours}
    right = len(should & did)
    print(f"{right / max(1, len(did)):.4f} {right / max(1, len(should)):.4f}",
          len(should))


def main(how, path, *rest):
    if how == "make":
        make(path, int(rest[0]))
    elif how == "judge":
        judge(path, rest[0], int(rest[1]))
    else:
        print("kept", {"datasketch": datasketch, "rensa": rensa}[how](path))


main(*sys.argv[1:])
