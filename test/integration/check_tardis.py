"""What NautilusTrader's TardisMachineClient makes of a server: prints trades and bars as JSON.

Asked with the instruments and options as JSON; the server is TARDIS_MACHINE_WS_URL.
"""
import asyncio
import json
import sys

from nautilus_trader.core import nautilus_pyo3 as nautilus
from nautilus_trader.model.data import capsule_to_data


async def main(request):
    client = nautilus.TardisMachineClient()
    instruments = [
        nautilus.TardisInstrumentMiniInfo(
            instrument_id=nautilus.InstrumentId.from_str(f"{each['name']}.{each['exchange'].upper()}"),
            raw_symbol=each["symbol"],
            exchange=each["exchange"],
            price_precision=8,
            size_precision=8,
        )
        for each in request["instruments"]
    ]
    found = []

    def take(capsule):
        data = capsule_to_data(capsule)
        if type(data).__name__ == "TradeTick":
            found.append(
                [
                    *["trade", str(data.instrument_id), str(data.trade_id), str(data.price), str(data.size)],
                    *[data.aggressor_side.name, str(data.ts_event), str(data.ts_init)],
                ]
            )
        else:
            bar = [data.open, data.high, data.low, data.close, data.volume]
            found.append(["bar", str(data.bar_type), *[str(value) for value in bar], str(data.ts_event)])

    options = json.dumps(request["options"]).encode()
    await client.replay(instruments, nautilus.ReplayNormalizedRequestOptions.from_json_array(options), take)
    print(json.dumps(found))


asyncio.run(main(json.loads(sys.argv[1])))
