/** Kraken's words for a wrong request, which it answers with status 200. Source: Kraken "API Errors". */
import { TradelakeError } from '../../domain/errors.ts'

export class Refusal extends TradelakeError {}

export const UNKNOWN_PAIR = 'EQuery:Unknown asset pair'
export const UNKNOWN_ASSET = 'EQuery:Unknown asset'

export const invalidArguments = (name: string) => new Refusal(`EGeneral:Invalid arguments:${name}`)
