/** What Binance answers to a wrong request: a code and words. Source: Binance "Error Codes". */
import { TradelakeError } from '../../domain/errors.ts'

export class Refusal extends TradelakeError {
  readonly code: number
  readonly status: 400 | 404
  constructor(code: number, message: string, status: Refusal['status'] = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

export const invalidSymbol = () => new Refusal(-1121, 'Invalid symbol.')
export const invalidInterval = (reason: string) => new Refusal(-1120, `Invalid interval. ${reason}`.trim())
export const invalidCombination = () => new Refusal(-1128, 'Combination of optional parameters invalid.')
export const missing = (name: string) =>
  new Refusal(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`)
export const illegal = (name: string, legal: string) =>
  new Refusal(-1100, `Illegal characters found in parameter '${name}'; legal range is '${legal}'.`)
export const notValid = (name: string) => new Refusal(-1130, `Data sent for parameter '${name}' is not valid.`)
