"""bench: peer_aiohttp.py URL ROWS IN-FLIGHT OUT

What one writes by hand: aiohttp on uvloop, as many workers as calls in
flight, rows from a file, answers to a file in the order of the rows.
Keeps no ledger, tries nothing again, checks the status only.
"""
import asyncio
import json
import sys

import aiohttp
import uvloop


async def ask(session, url, rows, answers):
    for i, row in rows:
        body = {
            "model": "stub",
            "messages": [{"role": "user", "content": row["text"]}],
            "temperature": 0,
            "max_tokens": 200,
        }
        async with session.post(url + "/chat/completions", json=body) as r:
            r.raise_for_status()
            reply = await r.json()
        row["answer"] = reply["choices"][0]["message"]["content"]
        answers[i] = row


async def main(url, path, inflight, out):
    with open(path, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    answers = [None] * len(rows)
    todo = iter(enumerate(rows))
    connector = aiohttp.TCPConnector(limit=inflight)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(
            *(ask(session, url, todo, answers) for _ in range(inflight))
        )
    with open(out, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(a) + "\n" for a in answers)


uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
