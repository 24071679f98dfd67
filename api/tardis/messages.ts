/** Our messages as tardis-machine's. Source: tardis-machine's "Output Data Types". */
import { formatDecimal, parseDecimal, QUANTITY_SCALE } from '../../domain/decimal.ts'
import type { Message } from '../live/texts.ts'
import { tardisSymbol, type Wanted } from './options.ts'

/** What a message is for those options: none, or several where bars of a length have several names. */
export function tardisTexts(wanted: readonly Wanted[], { type, data }: Message): string[] {
  const here = wanted.filter(
    ({ exchange, symbols }) => exchange === data.exchange && (symbols === undefined || symbols.has(data.symbol)),
  )
  if (type === 'trade')
    return here
      .filter(({ isTrades }) => isTrades)
      .slice(0, 1)
      .map(option => tradeText(option, data))
  if (type !== 'candle' || data.status === 'open') return []
  const texts = here.flatMap(option =>
    option.bars.filter(({ windows }) => windows.name === data.timeframe).map(bars => barText(option, bars, data)),
  )
  return [...new Set(texts)]
}

function nameOf({ exchange, symbols }: Wanted, symbol: string): string {
  return symbols?.get(symbol) ?? tardisSymbol(exchange, symbol)
}

/** Numbers are JSON's, with all the digits that the tables have. */
function tradeText(option: Wanted, data: Message['data']): string {
  const id = data.id.startsWith(`${data.exchange}-`) ? data.id.slice(data.exchange.length + 1) : data.id
  const time = timeText(data.time)
  return [
    `{"type":"trade","symbol":${JSON.stringify(nameOf(option, data.symbol))},"exchange":"${option.name}"`,
    `"id":${JSON.stringify(id)},"price":${data.price},"amount":${data.quantity},"side":"${data.side.toLowerCase()}"`,
    `"timestamp":"${time}","localTimestamp":"${time}"}`,
  ].join(',')
}

function barText(option: Wanted, { name, milliseconds }: Wanted['bars'][number], data: Message['data']): string {
  const units = (text: string) => parseDecimal(text, QUANTITY_SCALE) ?? 0n
  const sold = formatDecimal(units(data.volume) - units(data.taker_buy_volume), QUANTITY_SCALE)
  const end = timeText(data.end)
  return [
    `{"type":"trade_bar","symbol":${JSON.stringify(nameOf(option, data.symbol))},"exchange":"${option.name}"`,
    `"name":"${name}","interval":${milliseconds},"kind":"time"`,
    `"open":${data.open},"high":${data.high},"low":${data.low},"close":${data.close}`,
    `"volume":${data.volume},"buyVolume":${data.taker_buy_volume},"sellVolume":${sold.replace(/\.?0+$/, '')}`,
    `"trades":${data.trades},"vwap":${data.vwap}`,
    `"openTimestamp":"${timeText(data.first_trade)}","closeTimestamp":"${timeText(data.last_trade)}"`,
    `"timestamp":"${end}","localTimestamp":"${end}"}`,
  ].join(',')
}

export function disconnectText(name: string, micros: bigint): string {
  const time = new Date(Number(micros / 1000n)).toISOString()
  return `{"type":"disconnect","exchange":"${name}","localTimestamp":"${time}"}`
}

/** Three digits after the point, or six where there are microseconds. */
function timeText(text: string): string {
  const [, seconds, fraction = '000000'] = /^(.{19})(?:\.(\d{6}))?Z$/.exec(text) ?? []
  return `${seconds}.${fraction.endsWith('000') ? fraction.slice(0, 3) : fraction}Z`
}
