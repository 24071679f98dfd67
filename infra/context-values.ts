/** Context values by type, each refused in one line where it is not what it should be. */
import { BadInput } from '../domain/errors.ts'

/** Looks a context value up: text from the command line, anything from JSON. */
export type Context = (name: string) => unknown

export type Reader = ReturnType<typeof reader>

export function reader(context: Context) {
  const text = (name: string): string | undefined => {
    const value = context(name)
    return value === undefined || value === null || value === '' ? undefined : String(value).trim()
  }
  const matching = (name: string, pattern: RegExp, what: string): string | undefined => {
    const value = text(name)
    if (value !== undefined && !pattern.test(value))
      throw new BadInput(`The context value ${name} is ${value}: give ${what}.`)
    return value
  }
  return {
    matching,
    choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
      const value = text(name)
      if (value === undefined) return otherwise
      const found = choices.find(choice => choice === value)
      if (!found) throw new BadInput(`The context value ${name} is ${value}: give ${choices.join(' or ')}.`)
      return found
    },
    flag(name: string, otherwise = false): boolean {
      const value = text(name)
      if (value === undefined) return otherwise
      if (['on', 'true'].includes(value)) return true
      if (['off', 'false'].includes(value)) return false
      throw new BadInput(`The context value ${name} is ${value}: give on or off.`)
    },
    count(name: string): number | undefined {
      const value = matching(name, /^[1-9]\d{0,3}$/, 'a whole number from 1 to 9999')
      return value === undefined ? undefined : Number(value)
    },
    /** `2-10` */
    range(name: string): { minimum: number; maximum: number } | undefined {
      const value = matching(name, /^\d+-\d+$/, 'least and most, as in 2-10')
      if (value === undefined) return undefined
      const [minimum, maximum] = value.split('-').map(Number)
      // Lambda API reference, ProvisionedPollerConfig.
      if (minimum < 1 || minimum > 200 || maximum < minimum || maximum > 2_000)
        throw new BadInput(`The context value ${name} is ${value}: give a least of 1 to 200 and a most of up to 2000.`)
      return { minimum, maximum }
    },
    email: (name: string) => matching(name, /^\S+@\S+\.\S+$/, 'an e-mail address'),
    list: (name: string): string[] =>
      (text(name) ?? '')
        .split(',')
        .map(part => part.trim())
        .filter(part => part !== ''),
  }
}
