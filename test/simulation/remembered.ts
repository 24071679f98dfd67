/**
 * Loaded before a worker's own modules: pure functions of the codecs give the answer of an earlier run where they are asked the
 * same again, which the runs of a campaign do all the time. Each answer was worked out once by the function itself.
 */
import { registerHooks } from 'node:module'
import { serialize } from 'node:v8'
import { byContent } from './by-content.ts'

type Pure = (...args: never[]) => unknown
/** A file and the functions of it that depend on nothing but their arguments, and whose answers nobody changes. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  'iceberg/encoded-file.ts': ['describedFile'],
  'iceberg/parquet/footer.ts': ['describeParquet'],
  'iceberg/gzip-parts.ts': ['gzipPart'],
  'iceberg/avro-file.ts': ['readAvroFile'],
  'hyparquet/src/metadata.js': ['parquetMetadata'],
}
/** Answers that a process keeps of each function; some KB each. */
const MAX_ANSWERS = 4_000
const AS_IT_IS = '?as-it-is'

/** Table definitions are long and few: each is told apart by a number. */
const numbers = new Map<string, number>()
const numberOf = new WeakMap<object, number>()

function keyOf(args: readonly unknown[]): { about: string; bytes: Uint8Array } {
  const [first, ...rest] = args
  if (typeof first === 'string') return { about: '', bytes: Buffer.from(first) }
  if (first instanceof ArrayBuffer) return { about: '', bytes: new Uint8Array(first) }
  if (first instanceof Uint8Array) return { about: '', bytes: first }
  const about = String(tableNumber(first as object))
  return { about, bytes: rest[0] instanceof Uint8Array ? rest[0] : serialize(rest) }
}

function tableNumber(table: object): number {
  let number = numberOf.get(table)
  if (number === undefined) {
    const text = JSON.stringify(table)
    number = numbers.get(text) ?? numbers.size
    numbers.set(text, number)
    numberOf.set(table, number)
  }
  return number
}

/** The function, asked once for each of the last thousands of questions. */
export function remembered(pure: Pure): Pure {
  const answers = byContent<unknown>(MAX_ANSWERS)
  return (...args) => {
    const { about, bytes } = keyOf(args)
    return answers(about, bytes, () => pure(...args))
  }
}

registerHooks({
  load(url, context, next) {
    const file = Object.keys(PURE).find(name => url.endsWith(`/${name}`))
    if (file === undefined) return next(url, context)
    const real = JSON.stringify(url + AS_IT_IS)
    const lines = [
      `import * as real from ${real}`,
      `import { remembered } from ${JSON.stringify(import.meta.url)}`,
      `export * from ${real}`,
      ...PURE[file].map(name => `export const ${name} = remembered(real.${name})`),
    ]
    return { format: 'module', source: lines.join('\n'), shortCircuit: true }
  },
})
