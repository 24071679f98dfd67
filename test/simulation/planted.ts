/** A fault that is planted in the product, as lists of them have it. */
export interface Mutant {
  readonly name: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** Whose swarm alone shows it; undefined: see mutation.ts. */
  readonly scenario?: string
  /** From which seed on it is looked for, shortly before one that is known to show it; 1 by default. */
  readonly seed?: number
}

type Words = readonly [name: string, file: string, find: string, replace: string]

/** Makes mutants that the swarm of one scenario shows. */
export function plantedIn(scenario: string | undefined): (...words: Words) => Mutant {
  return (name, file, find, replace) => ({ name, file, find, replace, ...(scenario !== undefined && { scenario }) })
}
