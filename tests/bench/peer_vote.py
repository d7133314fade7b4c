"""peer_vote.py chained|join OUT FILE...: the vote of TaskGalaxy by duckdb.

chained: one file whose records have all scores.  join: files of the same
records, each judged by one judge, joined by id.  Writes the records whose
scores sum to 2 or more, with the sum added, as lines of JSON to OUT.  Unlike
riddle-vote it does not check the scores, merge them, or count agreement.  Of
the ways to say it in duckdb this was the fastest: the record stays text, and
only ids and scores are taken out of it.
"""
import sys

import duckdb

LINES = """(FORMAT csv, HEADER false, QUOTE '', ESCAPE '',
    DELIMITER '\x01')"""
COLUMNS = """columns = {id: 'VARCHAR',
    scores: 'STRUCT(judge VARCHAR, score DOUBLE)[]'}"""


def chained(out, path):
    return f"""
        COPY (SELECT left(json, length(json) - 1) ||
                ',"vote":{{"sum":' || total::INTEGER || '}}}}'
            FROM (SELECT json::VARCHAR AS json, list_sum(
                    json_extract(json, '$.scores[*].score')::DOUBLE[])
                    AS total
                FROM read_ndjson_objects('{path}'))
            WHERE total >= 2) TO '{out}' {LINES}"""


def join(out, base, *others):
    tables = "".join(
        f" JOIN read_json('{p}', format = 'newline_delimited', {COLUMNS})"
        f" AS t{i} ON t{i}.id = base.id" for i, p in enumerate(others))
    total = " + ".join(["base.score"] + [
        f"list_sum([s.score FOR s IN t{i}.scores])"
        for i in range(len(others))])
    return f"""
        COPY (SELECT left(json, length(json) - 1) ||
                ',"vote":{{"sum":' || total::INTEGER || '}}}}'
            FROM (SELECT base.json AS json, {total} AS total
                FROM (SELECT json::VARCHAR AS json,
                        json_extract_string(json, '$.id') AS id,
                        json_extract(json, '$.scores[0].score')::DOUBLE
                            AS score
                    FROM read_ndjson_objects('{base}')) AS base {tables})
            WHERE total >= 2) TO '{out}' {LINES}"""


def main():
    how, out, *files = sys.argv[1:]
    query = chained(out, *files) if how == "chained" else join(out, *files)
    duckdb.execute("SET preserve_insertion_order = false")
    duckdb.execute(query)


main()
