"""Parquet files of riddle-export against the lines they were made of.

usage: parquet.py pyarrow|duckdb|polars|datafusion|datasets NAME
       parquet.py pictures|folder|index|find
Reads NAME.parquet, NAME.jsonl and NAME.want in the working directory.
"""
import hashlib
import json
import sys

import datafusion
import duckdb
import polars
import pyarrow.parquet as pq
from datasets import Image, List, load_dataset


def lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def content(path):
    with open(path, "rb") as f:
        return f.read()


def task(record):
    path = record.get("task", {}).get("path", [])
    return " ~ ".join(path) if path else None


def wanted(name):
    """The rows as they must be, each a dictionary of its cells."""
    records = lines(f"{name}.jsonl")
    if name == "sides":
        return [side(r) for r in records]
    rows = lines(f"{name}.want")
    assert len(rows) == len(records)
    for row, record in zip(rows, records):
        row["task_type"] = task(record)
        row["images"] = [{"bytes": content(p), "path": p}
                         for p in row["images"]]
    return rows


def side(record):
    jpg = [content(record[s]["image"]["uri"]) for s in ("chosen", "rejected")]
    uid = [hashlib.sha256(b).hexdigest() for b in jpg]
    # The chosen one is number 0 in half of all rows, by their ids.
    c = int(record["id"].split(":")[1][:2], 16) & 1
    r = 1 - c
    return {"task_type": None, "caption": record["prompt"],
            "jpg_0": jpg[c], "jpg_1": jpg[r], "label_0": float(r),
            "label_1": float(c), "are_different": True, "has_label": True,
            "image_0_uid": uid[c], "image_1_uid": uid[r],
            "best_image_uid": uid[0]}


def by_pyarrow(path):
    f = pq.ParquetFile(path, page_checksum_verification=True)
    return f.read().to_pylist()


def by_duckdb(path):
    found = duckdb.sql(f"select * from '{path}'")
    return [dict(zip(found.columns, r)) for r in found.fetchall()]


def by_polars(path):
    return polars.read_parquet(path).to_dicts()


def by_datafusion(path):
    context = datafusion.SessionContext()
    context.register_parquet("t", path)
    rows = []
    for batch in context.sql("select * from t").collect():
        rows += batch.to_pylist()
    return rows


def by_datasets(path):
    d = load_dataset("parquet", data_files=path, split="train")
    if "images" in d.features:
        assert d.features["images"] == List(Image()), d.features
        d = d.cast_column("images", List(Image(decode=False)))
    return list(d)


def compare(by, name):
    got = globals()[f"by_{by}"](f"{name}.parquet")
    want = wanted(name)
    assert len(got) == len(want), (len(got), len(want))
    # DataFusion reads row groups side by side.
    if by == "datafusion":
        key = "caption" if name == "sides" else "prompt"
        if name != "qa":
            got.sort(key=lambda r: str(r[key]))
            want.sort(key=lambda r: str(r[key]))
        else:
            got.sort(key=lambda r: r["id"])
            want.sort(key=lambda r: r["id"])
    for n, (g, w) in enumerate(zip(got, want)):
        if "id" not in w:
            assert len(g.pop("id")) == 32
        assert g == w, (n, str(g)[:2000], str(w)[:2000])
    assert len(got) > 50


def pictures():
    for name, columns in (("qa", ["images"]), ("pairs", ["images"])):
        d = load_dataset("parquet", data_files=f"{name}.parquet",
                         split="train")
        for row in d:
            for c in columns:
                for im in row[c]:
                    assert im.size[0] > 0
    d = load_dataset("parquet", data_files="sides.parquet", split="train")
    assert d.features["jpg_0"].dtype == "binary"
    assert d.features["label_0"].dtype == "float64"


def folder():
    d = load_dataset("folder")
    assert len(d["train"]) == 240 and len(d["test"]) == 60, d
    assert d["test"][0]["images"][0].size[0] > 0
    d = load_dataset("parquet", split="train",
                     data_files={"train": "folder/data/train-*.parquet"})
    assert len(d) == 240


def index():
    blobs = ("bytes", "jpg_0", "jpg_1")
    groups = {"qa": 3, "pairs": 2, "sides": 1, "many": 2}
    for name, n in groups.items():
        meta = pq.ParquetFile(f"{name}.parquet").metadata
        assert meta.num_row_groups == n, (name, meta.num_row_groups)
        for g in range(n):
            for i in range(meta.num_columns):
                c = meta.row_group(g).column(i)
                leaf = c.path_in_schema.split(".")[-1]
                assert c.has_offset_index, c
                assert c.has_column_index == (leaf not in blobs), c
                assert c.compression == (
                    "UNCOMPRESSED" if leaf in blobs else "ZSTD"), c
                assert c.statistics.null_count is not None
                if leaf == "id":
                    assert c.statistics.has_min_max


def find():
    """Filters use the bounds: a wrong bound loses the row."""
    for name, k in (("qa", "id"), ("pairs", "id"), ("many", "id"),
                    ("sides", "caption")):
        path = f"{name}.parquet"
        context = datafusion.SessionContext()
        context.register_parquet("t", path)
        rows = pq.read_table(path, columns=[k]).to_pylist()
        for row in rows[::len(rows) // 20]:
            i = row[k]
            assert pq.read_table(
                path, columns=[k], filters=[(k, "=", i)]).num_rows == 1
            assert len(duckdb.sql(
                f"select {k} from '{path}' where {k} = '{i}'").fetchall()) == 1
            assert polars.scan_parquet(path).filter(
                polars.col(k) == i).collect().height == 1
            assert sum(b.num_rows for b in context.sql(
                f"select * from t where {k} = '{i}'").collect()) == 1


if __name__ == "__main__":
    if sys.argv[1] in ("pictures", "folder", "index", "find"):
        globals()[sys.argv[1]]()
    else:
        compare(sys.argv[1], sys.argv[2])
