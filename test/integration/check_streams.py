"""What clients of Binance get live from a lake: python check_streams.py CLIENT LAKE TRADES NEW. Says "ready" when its streams have begun, and takes the trades of NEW then. Ends with status 1 where a number differs."""

import asyncio
import json
import sys

from trades_as_put_in import MINUTE, Decimal, Market, markets, same

client, LAKE, path, new = sys.argv[1:5]
SYMBOL = "BTCUSDT"
before, fresh = (markets(each)[("BINANCE", SYMBOL)] for each in (path, new))
market = Market(before.trades + fresh.trades)
LENGTHS = {"1m": MINUTE, "1h": 60 * MINUTE, "1d": 1440 * MINUTE}
STREAMS = ["trade", "aggTrade", *(f"kline_{interval}" for interval in LENGTHS)]


def windows(length):
    """Candles of the windows that have new trades, by their start."""
    starts = {trade["ms"] - trade["ms"] % length for trade in fresh.trades}
    return {start: market.candle(start, start + length) for start in sorted(starts)}


def ready():
    print("ready", flush=True)


class Taken:
    """Events of SYMBOL as Binance sends them."""

    def __init__(self):
        self.trades, self.aggregates, self.klines = [], [], {}

    def take(self, event):
        if event["e"] == "trade":
            self.trades.append((event["t"], event["T"], Decimal(event["p"]), Decimal(event["q"]), not event["m"]))
        elif event["e"] == "aggTrade":
            self.aggregates.append((event["a"], event["f"], event["l"], event["T"], Decimal(event["p"]), Decimal(event["q"]), not event["m"]))
        else:
            k = event["k"]
            numbers = [Decimal(k[name]) for name in "ohlcvq"] + [k["n"], Decimal(k["V"]), Decimal(k["Q"])]
            same("kline's window", [k["T"] - k["t"] + 1, k["s"]], [LENGTHS[k["i"]], SYMBOL])
            self.klines.setdefault(k["i"], {})[k["t"]] = numbers

    def is_whole(self):
        # A window's candle comes again with each commit that adds to it.
        count = lambda interval, start: self.klines.get(interval, {}).get(start, [0] * 9)[6]
        klines = all(
            count(interval, start) >= candle[6] for interval, length in LENGTHS.items() for start, candle in windows(length).items()
        )
        return len(self.trades) >= len(fresh.trades) and len(self.aggregates) >= len(fresh.aggregates()) and klines

    def compare(self):
        same("trades", self.trades, [(t["number"], t["ms"], t["price"], t["quantity"], t["buy"]) for t in fresh.trades])
        aggregates = [(t["number"], t["number"], t["last"], t["ms"], t["price"], t["quantity"], t["buy"]) for t in fresh.aggregates()]
        same("aggregates", self.aggregates, aggregates)
        for interval, length in LENGTHS.items():
            expected = windows(length)
            same(interval, {start: self.klines[interval][start] for start in expected}, expected)
        return {"trades": len(self.trades), "aggregates": len(self.aggregates), "klines": sorted(self.klines)}


async def with_python_binance():
    from binance import AsyncClient, BinanceSocketManager

    manager = BinanceSocketManager(AsyncClient(), max_queue_size=100_000)
    manager.STREAM_URL = f"{LAKE.replace('http', 'ws')}/binance/"
    taken = Taken()
    async with manager.multiplex_socket([f"{SYMBOL.lower()}@{stream}" for stream in STREAMS]) as socket:
        # It leaves when it has waited so many seconds for a message in vain.
        socket.TIMEOUT = 0.5
        ready()
        while not taken.is_whole():
            message = await socket.recv()
            if "data" not in message:
                sys.exit(f"python-binance: {message}")
            taken.take(message["data"])
    return taken.compare()


async def with_connector():
    from binance.websocket.spot.websocket_stream import SpotWebsocketStreamClient

    loop, messages = asyncio.get_running_loop(), asyncio.Queue()
    put = lambda _, message: loop.call_soon_threadsafe(messages.put_nowait, json.loads(message))
    client = SpotWebsocketStreamClient(stream_url=f"{LAKE.replace('http', 'ws')}/binance", on_message=put)
    client.trade(symbol=SYMBOL)
    client.agg_trade(symbol=SYMBOL)
    for interval in LENGTHS:
        client.kline(symbol=SYMBOL, interval=interval)
    for _ in STREAMS:
        same("answer to SUBSCRIBE", (await messages.get())["result"], None)
    client.trade(symbol="NONESUCH")
    refusal = (await messages.get())["error"]
    ready()
    taken = Taken()
    while not taken.is_whole():
        taken.take(await messages.get())
    client.stop()
    return {**taken.compare(), "refusal": refusal["code"]}


async def with_ccxt():
    import ccxt.pro

    exchange = ccxt.pro.binance(
        {
            "urls": {"api": {"public": f"{LAKE}/binance/api/v3", "ws": {"spot": f"{LAKE.replace('http', 'ws')}/binance/ws"}}},
            "options": {"fetchMarkets": {"types": ["spot"]}},
            "enableRateLimit": False,
        }
    )
    await exchange.load_markets()
    confirmed, begun = [], asyncio.Event()
    answered = exchange.handle_subscription_status

    def confirm(client, message):
        confirmed.append(message["id"])
        if len(confirmed) == 2:
            begun.set()
        return answered(client, message)

    exchange.handle_subscription_status = confirm

    async def trades():
        found = []
        while len(found) < len(fresh.trades):
            found += await exchange.watch_trades("BTC/USDT")
        return found

    async def candles():
        found, volumes = {}, {start: float(candle[4]) for start, candle in windows(MINUTE).items()}
        while any(found.get(start, [0] * 5)[4] < volume for start, volume in volumes.items()):
            found |= {row[0]: row[1:] for row in await exchange.watch_ohlcv("BTC/USDT", "1m")}
        return found

    tasks = [asyncio.create_task(trades()), asyncio.create_task(candles())]
    await begun.wait()
    ready()
    found, rows = await asyncio.gather(*tasks)
    shown = lambda row: (int(row["id"]), row["timestamp"], row["price"], row["amount"], row["side"] == "buy")
    wanted = lambda row: (row["number"], row["ms"], float(row["price"]), float(row["quantity"]), row["buy"])
    same("trades", [shown(row) for row in found], [wanted(row) for row in fresh.trades])
    expected = {start: [float(number) for number in candle[:5]] for start, candle in windows(MINUTE).items()}
    same("candles", {start: rows[start] for start in expected}, expected)
    await exchange.close()
    return {"trades": len(found), "klines": ["1m"]}


CLIENTS = {"python-binance": with_python_binance, "binance-connector": with_connector, "ccxt": with_ccxt}
print(json.dumps(asyncio.run(asyncio.wait_for(CLIENTS[client](), 60))))
