"""bench: peer_faiss.py BASE QUERIES DIM K THREADS OURS

What faiss users do: IndexFlatIP, all queries in one call.  Raw f32 files in;
prints the seconds of add and search and those of CPU, and checks OURS, indices as u32: a
difference counts unless the two cosines are within f32 rounding.
"""
import sys
import time

import faiss
import numpy as np


def main(base, queries, dim, k, threads, ours):
    dim, k = int(dim), int(k)
    b = np.fromfile(base, dtype=np.float32).reshape(-1, dim)
    q = np.fromfile(queries, dtype=np.float32).reshape(-1, dim)
    faiss.omp_set_num_threads(int(threads))
    began, cpu = time.monotonic(), time.process_time()
    index = faiss.IndexFlatIP(dim)
    index.add(b)
    _, got = index.search(q, k)
    print(f"{time.monotonic() - began:.3f} {time.process_time() - cpu:.3f}")
    want = np.fromfile(ours, dtype=np.uint32).reshape(-1, k)
    wrong = 0
    for i, j in zip(*np.nonzero(got != want)):
        x = q[i].astype(np.float64)
        a = x @ b[got[i, j]].astype(np.float64)
        c = x @ b[want[i, j]].astype(np.float64)
        wrong += abs(a - c) > 1e-6
    if wrong:
        sys.exit(f"{wrong} ranks differ")


main(*sys.argv[1:])
