/** Counts the bytes of typed arrays and buffers that code makes while it runs: a number that the machine has no part in. */

const ARRAYS = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const
const BUFFERS = ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const

type Globals = Record<string, { new (...values: unknown[]): { byteLength: number } }>
type Makers = Record<string, (...values: unknown[]) => { byteLength: number }>

/**
 * Runs the work and gives how many bytes it allocated. A view of a buffer that exists is none; what Node and native code allocate for
 * themselves is not seen.
 */
export async function allocatedBy(work: () => Promise<unknown>): Promise<number> {
  let bytes = 0
  const globals = globalThis as unknown as Globals
  const makers = Buffer as unknown as Makers
  const arrays = ARRAYS.map(name => [name, globals[name]] as const)
  const buffers = BUFFERS.map(name => [name, makers[name]] as const)
  for (const [name, original] of arrays) {
    const counted: typeof original = new Proxy(original, {
      construct(target, values, newTarget) {
        const made: { byteLength: number } = Reflect.construct(
          target,
          values,
          newTarget === counted ? target : newTarget,
        )
        if (!(values[0] instanceof ArrayBuffer)) bytes += made.byteLength
        return made
      },
    })
    globals[name] = counted
  }
  for (const [name, original] of buffers)
    makers[name] = (...values) => {
      const made = original.apply(Buffer, values)
      bytes += made.byteLength
      return made
    }
  try {
    await work()
  } finally {
    for (const [name, original] of arrays) globals[name] = original
    for (const [name, original] of buffers) makers[name] = original
  }
  return bytes
}
