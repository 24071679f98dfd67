/** What clients say to a connection of streams, and how they are answered. Source: Binance "WebSocket Streams", "Live Subscribing/Unsubscribing to streams". */
import { messageOf } from '../../domain/errors.ts'
import { Refusal } from './refusals.ts'

export type Command =
  | { readonly method: 'SUBSCRIBE'; readonly names: readonly string[] }
  | { readonly method: 'UNSUBSCRIBE'; readonly names: readonly string[] }
  | { readonly method: 'LIST_SUBSCRIPTIONS' }
  | { readonly method: 'GET_PROPERTY' }
  | { readonly method: 'SET_PROPERTY'; readonly value: boolean }

const METHODS = ['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS', 'SET_PROPERTY', 'GET_PROPERTY'] as const

/** Integers of 64 bits. */
const [LEAST_ID, MOST_ID] = [-(2n ** 63n), 2n ** 63n - 1n]

/** The answer to a text message, or a binary one (undefined), of what `perform` gives or refuses. */
export async function answerTo(
  said: string | undefined,
  perform: (command: Command) => Promise<unknown>,
): Promise<string> {
  let id: string | undefined
  try {
    const given = objectIn(said)
    id = idIn(given)
    const result = await perform(commandIn(given))
    return `{"result":${JSON.stringify(result ?? null)},"id":${id}}`
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return errorText(error, id)
  }
}

/** `id`: the request's, as JSON. */
export function errorText({ code, message }: { readonly code: number; readonly message: string }, id?: string): string {
  return `{"error":${JSON.stringify({ code, msg: message })}${id === undefined ? '' : `,"id":${id}`}}`
}

const invalidRequest = (reason: string) => new Refusal(2, `Invalid request: ${reason}`)
const invalidJson = (reason: string) => new Refusal(3, `Invalid JSON: ${reason}`)

function objectIn(said: string | undefined): Map<string, unknown> {
  if (said === undefined) throw invalidJson('this is a binary message: send text.')
  let given: unknown
  try {
    given = JSON.parse(said, exactly)
  } catch (error) {
    throw invalidJson(error instanceof RangeError ? 'it is nested too deeply.' : messageOf(error))
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalidRequest('expected an object')
  return new Map(Object.entries(given))
}

/** An id of 64 bits is given back digit by digit: whole numbers are read as bigint, by their text (ECMA-262, JSON.parse's context). */
const exactly = ((_: string, value: unknown, { source = '' }: { readonly source?: string }) =>
  typeof value === 'number' && /^-?\d{1,20}$/.test(source) ? BigInt(source) : value) as (
  key: string,
  value: unknown,
) => unknown

/** As JSON. */
function idIn(given: Map<string, unknown>): string {
  const id = given.get('id')
  if (id === null) return 'null'
  if (typeof id === 'bigint' && id >= LEAST_ID && id <= MOST_ID) return String(id)
  if (typeof id === 'string' && /^[\w-]{1,36}$/.test(id)) return JSON.stringify(id)
  throw invalidRequest(
    'request ID must be an unsigned integer, another whole number of 64 bits, up to 36 letters and digits, or null',
  )
}

function commandIn(given: Map<string, unknown>): Command {
  if (!given.has('method')) throw invalidRequest('missing field `method`')
  const method = METHODS.find(each => each === given.get('method'))
  if (!method) throw unknownMethod(given.get('method'))
  const params = given.get('params') ?? []
  if (!Array.isArray(params)) throw invalidRequest('params must be an array')
  if (method === 'SUBSCRIBE' || method === 'UNSUBSCRIBE') {
    if (params.length === 0 || !params.every(name => typeof name === 'string'))
      throw invalidRequest('params must be names of streams, as ["btcusdt@trade"]')
    return { method, names: params }
  }
  if (params.length > MOST_PARAMS[method]) throw invalidRequest('too many parameters')
  if (method === 'LIST_SUBSCRIPTIONS') return { method }
  const [property, value] = params
  if (typeof property !== 'string') throw invalidRequest('property name must be a string')
  if (property !== 'combined') throw new Refusal(0, 'Unknown property')
  if (method === 'GET_PROPERTY') return { method }
  if (typeof value !== 'boolean') throw new Refusal(1, 'Invalid value type: expected Boolean')
  return { method, value }
}

const MOST_PARAMS = { LIST_SUBSCRIPTIONS: 0, GET_PROPERTY: 1, SET_PROPERTY: 2 }

function unknownMethod(given: unknown): Refusal {
  const said = typeof given === 'string' ? given.slice(0, 50) : typeof given
  const known = METHODS.map(name => `\`${name}\``).join(', ')
  return invalidRequest(`unknown variant \`${said}\`, expected one of ${known}`)
}
