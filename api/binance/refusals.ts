/** What Binance answers to a wrong request: a code and words. Source: Binance "Error Codes". */
import { Problem } from '../market/problems.ts'

export class Refusal extends Problem {
  readonly code: number
  constructor(code: number, message: string, status: 400 | 404 = 400) {
    super(status, message)
    this.code = code
  }
}

/** The code of what is no fault of the request's parameters. */
const OTHER_CODES: Readonly<Record<number, number>> = { 401: -2015, 403: -1002, 429: -1003, 503: -1008 }
const UNKNOWN = -1000

export function codeOf(error: unknown, status: number): number {
  return error instanceof Refusal ? error.code : (OTHER_CODES[status] ?? UNKNOWN)
}

export const invalidSymbol = () => new Refusal(-1121, 'Invalid symbol.')
export const invalidInterval = (reason: string) => new Refusal(-1120, `Invalid interval. ${reason}`.trim())
export const invalidCombination = () => new Refusal(-1128, 'Combination of optional parameters invalid.')
export const missing = (name: string) =>
  new Refusal(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`)
export const illegal = (name: string, legal: string) =>
  new Refusal(-1100, `Illegal characters found in parameter '${name}'; legal range is '${legal}'.`)
export const notValid = (name: string) => new Refusal(-1130, `Data sent for parameter '${name}' is not valid.`)
export const invalidTimeUnit = () =>
  new Refusal(-1194, 'Invalid value for time unit; expected either MICROSECOND or MILLISECOND.')
/** Binance has these words for some such streams, and says nothing to others, which then never send anything. */
export const invalidStream = (name: string) =>
  new Refusal(
    2,
    `Invalid request: invalid stream ${name.slice(0, 50)}. There are <symbol>@trade, @aggTrade, @kline_<interval>, @miniTicker and @ticker.`,
  )
