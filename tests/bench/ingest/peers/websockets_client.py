"""Python `websockets` and json as client under test: websockets_client.py PORT SHAPE"""

import asyncio
import json
import sys
import time

import websockets

TARGET = "/public/stream?streams=s000usdt@bookTicker"


async def main() -> None:
    table = {}
    url = f"ws://127.0.0.1:{sys.argv[1]}{TARGET}"
    async with websockets.connect(url, compression=None, ping_interval=None) as socket:
        async for message in socket:
            data = json.loads(message)["data"]
            table[data["s"]] = (data["b"], data["a"], data["u"], data["E"], time.time())


try:
    asyncio.run(main())
except websockets.ConnectionClosed:
    pass
