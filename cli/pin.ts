/** `tradelake pin`: keeps a state of the tables under a name, until it is deleted. */
import { BadInput } from '../domain/errors.ts'
import { parameterOptions, queryOf, withApi } from './ask.ts'
import { command, JSON_OPTION, LAKE_OPTIONS } from './command.ts'
import { formatTable } from './format.ts'

const NAMES = ['tables', 'as_of'] as const

/** Words that other programs take for what is to be done: nobody means a pin of that name. */
const VERBS: Readonly<Record<string, string>> = {
  ...{ list: 'tradelake pin lists all pins', ls: 'tradelake pin lists all pins' },
  ...{ delete: 'tradelake pin NAME --delete deletes one', rm: 'tradelake pin NAME --delete deletes one' },
}

interface Pin {
  readonly name: string
  readonly time: string
  readonly snapshots: Readonly<Record<string, number>>
}

export const pin = command({
  name: 'pin',
  usage: '[NAME [--as-of TIME] [--tables TABLE,…] | NAME --delete] [--data DIR | --stack NAME] [--json]',
  takesWords: true,
  options: {
    ...parameterOptions(...NAMES),
    delete: { type: 'boolean', help: 'delete the pin: what it alone kept expires' },
    ...LAKE_OPTIONS,
    json: JSON_OPTION,
  },
  async run(values, [name, ...more]) {
    const meant = name !== undefined && !values.delete && Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
    if (meant) throw new BadInput(`${name} is no name for a pin: ${meant}.`)
    if (more.length > 0) throw new BadInput(`Give one name: tradelake pin ${name}.`)
    return withApi(values, async ask => {
      if (name === undefined) {
        if (values.delete) throw new BadInput('Give the name of the pin to delete: tradelake pin NAME --delete.')
        const { data } = (await (await ask('pins')).json()) as { data: readonly Pin[] }
        print(data, values.json)
        return 0
      }
      const path = `pins/${encodeURIComponent(name)}`
      if (values.delete) {
        await ask(path, 'DELETE')
        console.log(`The pin ${name} is deleted.`)
        return 0
      }
      const made = (await (await ask(`${path}?${queryOf(NAMES, values)}`, 'PUT')).json()) as Pin
      print([made], values.json)
      return 0
    })
  },
})

function print(pins: readonly Pin[], asJson: boolean): void {
  const rows = pins.flatMap(({ name, time, snapshots }) =>
    Object.entries(snapshots).map(([table, snapshot]) => [name, time, table, String(snapshot)]),
  )
  if (asJson) console.log(JSON.stringify(pins, null, 2))
  else if (pins.length === 0) console.log('There are no pins: tradelake pin NAME makes one.')
  else console.log(formatTable(['pin', 'time', 'table', 'snapshot'], rows))
}
