"""bench: peer_pair.py VECTORS DIM MIN_COS NEIGHBOURS THREADS OURS

Groups of two by neighbours with faiss IndexFlatIP: two samples a base, pairs
by their cosine, the nearest first.  Prints the seconds of add and search, the
grouping not counted, and checks OURS, each sample's partner as u32.
"""
import sys
import time

import faiss
import numpy as np


def main(vectors, dim, min_cos, neighbours, threads, ours):
    dim, k = int(dim), int(neighbours)
    v = np.fromfile(vectors, dtype=np.float32).reshape(-1, dim)
    n = len(v)
    faiss.omp_set_num_threads(int(threads))
    began = time.monotonic()
    index = faiss.IndexFlatIP(dim)
    index.add(v)
    _, hits = index.search(v, k + 2)
    print(f"{time.monotonic() - began:.3f}")
    edges = set()
    for i in range(n):
        others = [j for j in hits[i] if j // 2 != i // 2][:k]
        edges.update((min(i, j), max(i, j)) for j in others)
    a, b = np.array(sorted(edges)).T
    cos = np.empty(len(a), dtype=np.float32)
    for at in range(0, len(a), 65536):
        s = slice(at, at + 65536)
        cos[s] = np.einsum("ij,ij->i", v[a[s]].astype(np.float64),
                           v[b[s]].astype(np.float64))
    partner = np.arange(n)
    for e in np.lexsort((b, a, -cos)):
        i, j = a[e], b[e]
        if cos[e] >= float(min_cos) and partner[i] == i and partner[j] == j:
            partner[i], partner[j] = j, i
    differ = int((np.fromfile(ours, dtype=np.uint32) != partner).sum())
    if differ > n / 10000 or (partner == np.arange(n)).all():
        sys.exit(f"{differ} of {n} have another partner")


main(*sys.argv[1:])
