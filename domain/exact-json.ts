/**
 * JSON whose whole numbers stay as they are written: snapshot ids of other writers use all 64 bits, and JSON.parse rounds beyond
 * 2^53. Such a number is a bigint here, any other a number, so that equal ids are equal by `===`.
 * Source: TC39, "JSON.parse source text access".
 */

/** A whole number of 64 bits. */
export type Long = number | bigint

/** What the language has and its types do not know yet. */
const exact = JSON as unknown as {
  rawJSON(text: string): object
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
}

const WHOLE = /^-?\d+$/

/** @throws SyntaxError where the text is no JSON */
export function parseExact(text: string): unknown {
  return exact.parse(text, (_, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && WHOLE.test(source)
      ? BigInt(source)
      : value,
  )
}

export function stringifyExact(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? exact.rawJSON(String(each)) : each))
}
