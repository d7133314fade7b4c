"""bench: peer_openai.py URL ROWS IN-FLIGHT OUT

What its manual leads to: AsyncOpenAI, one coroutine a row, a semaphore for
the calls in flight, gather; answers to a file in the order of the rows.  It may
keep a connection for each call, where its default is 100.  Keeps no ledger.
"""
import asyncio
import json
import sys

import httpx2  # what this openai is built on
import openai


async def ask(client, limit, row):
    async with limit:
        reply = await client.chat.completions.create(
            model="stub",
            messages=[{"role": "user", "content": row["text"]}],
            temperature=0,
            max_tokens=200,
        )
    row["answer"] = reply.choices[0].message.content
    return row


async def main(url, path, inflight, out):
    with open(path, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    limits = httpx2.Limits(
        max_connections=inflight, max_keepalive_connections=inflight
    )
    http = openai.DefaultAsyncHttpx2Client(limits=limits)
    limit = asyncio.Semaphore(inflight)
    async with openai.AsyncOpenAI(
        base_url=url, api_key="none", http_client=http
    ) as client:
        answers = await asyncio.gather(*(ask(client, limit, r) for r in rows))
    with open(out, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(a) + "\n" for a in answers)


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
