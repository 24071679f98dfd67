/** What the query of a request says, each part read by its type; what is wrong is refused by the parameter's name. */
import { parseWindows, WINDOW_NAMES, type Windows } from '../../domain/windows.ts'
import { noneText } from '../../figures/nearest.ts'
import { emptyRangeText, instantProblem, parseMicros } from '../../figures/times.ts'
import { problem } from './problems.ts'

export type Parameters = ReturnType<typeof parametersOf>

const MAX_NAMES = 200

/** `known`: the names that the route has. @throws Problem 400 where another one is given, or one twice */
export function parametersOf(query: URLSearchParams, known: readonly string[]) {
  for (const name of new Set(query.keys())) {
    if (!known.includes(name)) throw problem(400, noneText('parameter', name, known, 'this route has none'), name)
    if (query.get(name)?.trim() === '') throw problem(400, `${name} is empty: leave it out, or give a value.`, name)
    if (query.getAll(name).length > 1)
      throw problem(400, `${name} is given twice: give all of it at once, with commas.`, name)
  }
  const text = (name: string): string | undefined => {
    const value = query.get(name)?.trim()
    return value === '' ? undefined : value
  }
  const list = (name: string): string[] => {
    const given = text(name)
    const names = (given ?? '').split(',').flatMap(part => part.trim() || [])
    // Nothing is not everything.
    if (given !== undefined && names.length === 0)
      throw problem(400, `${name} is ${given}: give a name, or leave it out.`, name)
    if (names.length > MAX_NAMES)
      throw problem(400, `${name} has ${names.length} names: give at most ${MAX_NAMES}.`, name)
    return [...new Set(names)]
  }
  return {
    text,
    /** Names in upper case, as tables have them. */
    codes: (name: string) => list(name).map(code => code.toUpperCase()),
    /** Names as they are. */
    names(name: string, otherwise: readonly string[]): readonly string[] {
      const given = list(name)
      return given.length === 0 ? otherwise : given
    },
    choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
      const value = text(name)
      if (value === undefined) return otherwise
      const found = choices.find(choice => choice === value)
      if (!found) throw problem(400, `${name} is ${value}: give ${choices.join(', ')}.`, name)
      return found
    },
    flag(name: string, otherwise: boolean): boolean {
      const value = text(name)
      if (value === undefined) return otherwise
      if (value !== 'true' && value !== 'false') throw problem(400, `${name} is ${value}: give true or false.`, name)
      return value === 'true'
    },
    count(name: string, otherwise: number, most: number): number {
      const value = text(name)
      if (value === undefined) return otherwise
      const number = /^\d{1,9}$/.test(value) ? Number(value) : 0
      if (number < 1 || number > most)
        throw problem(400, `${name} is ${value}: give a whole number from 1 to ${most}.`, name)
      return number
    },
    windows(name: string, otherwise: string): Windows[] {
      const names = list(name)
      return (names.length === 0 ? [otherwise] : names).map(window => {
        const windows = parseWindows(window)
        if (!windows) throw problem(400, `${name} is ${window}: give ${WINDOW_NAMES}.`, name)
        return windows
      })
    },
    /** Microseconds since 1970, of the times that a range begins and ends with. @throws Problem 400 where it does not end after it begins */
    range(): { readonly start: bigint | undefined; readonly end: bigint | undefined } {
      const [start, end] = [this.time('start'), this.time('end')]
      if (start !== undefined && end !== undefined && start >= end)
        throw problem(400, emptyRangeText('start', 'end'), 'start')
      return { start, end }
    },
    /** Times of an answer without pages. @throws Problem 400 without a begin */
    wholeRange() {
      if (text('start') === undefined) throw problem(400, 'limit is all: give start too.', 'start')
      if (text('cursor') !== undefined)
        throw problem(400, 'limit is all, which has no pages: leave cursor out.', 'cursor')
      return this.range()
    },
    /** Microseconds since 1970. */
    time(name: string): bigint | undefined {
      const value = text(name)
      if (value === undefined) return undefined
      const micros = parseMicros(value)
      if (micros === undefined) throw problem(400, `${name}: ${instantProblem(value)}`, name)
      return micros
    },
  }
}
