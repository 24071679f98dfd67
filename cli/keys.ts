/** `tradelake keys`: who may ask the lake's web application, and for what. */
import { systemSecret } from '../adapters/system.ts'
import { type AccessKey, addKey, listKeys, parseScopes, revokeKey } from '../domain/access-keys.ts'
import { BadInput } from '../domain/errors.ts'
import { DAY_MS } from '../domain/time.ts'
import { command, JSON_OPTION, LAKE_OPTIONS } from './command.ts'
import { formatTable } from './format.ts'
import { type CatalogPlace, openForCatalog } from './open-lake.ts'

export const keys = command({
  name: 'keys',
  usage:
    'add NAME [--scopes read,write:NAMESPACE] [--expires DAYS] | list | revoke ID [--data DIR | --stack NAME] [--json]',
  takesWords: true,
  options: {
    scopes: {
      type: 'string',
      value: 'SCOPES',
      help: 'what the key may do besides: read, write:NAMESPACE, write:* (with commas between them)',
      default: 'read',
    },
    expires: { type: 'string', value: 'DAYS', help: 'for how many days it works; without it, until it is revoked' },
    ...LAKE_OPTIONS,
    json: JSON_OPTION,
  },
  async run({ scopes, expires, data, stack, json }, [what, word, ...more]) {
    if (more.length > 0) throw new BadInput(`'${more[0]}' is not known here. See tradelake keys --help.`)
    const place = await openForCatalog({ data, stack })
    try {
      if (what === 'add') await add(place, word, { scopes, expires, json })
      else if (what === 'list' && word === undefined) await list(place, json)
      else if (what === 'revoke' && word !== undefined) {
        await revokeKey(place.ports, word)
        console.error('It is revoked: within five seconds nobody gets in with it.')
      } else throw new BadInput('Say what to do: tradelake keys add NAME, keys list, or keys revoke ID.')
      return 0
    } finally {
      place.close()
    }
  },
})

async function add(
  { ports }: CatalogPlace,
  name: string | undefined,
  options: { readonly scopes: string; readonly expires: string | undefined; readonly json: boolean },
): Promise<void> {
  if (name === undefined) throw new BadInput('Say what the key is for: tradelake keys add NAME.')
  const { scopes, expires, json } = options
  if (expires !== undefined && !/^[1-9]\d{0,4}$/.test(expires))
    throw new BadInput(`--expires ${expires} is not a number of days: give a whole one from 1 on.`)
  const expiresAt = expires === undefined ? undefined : ports.clock.now() + Number(expires) * DAY_MS
  const made = await addKey(ports, { secret: systemSecret(), name, scopes: parseScopes(scopes), expiresAt })
  if (json) console.log(JSON.stringify({ id: made.id, key: made.text }))
  else {
    console.log(made.text)
    console.error('This is shown once: the lake keeps only a hash of it.')
  }
}

async function list({ ports }: CatalogPlace, json: boolean): Promise<void> {
  const found = (await listKeys(ports)).map(shown)
  if (json) console.log(JSON.stringify(found, null, 2))
  else if (found.length === 0) console.log('There are no keys: tradelake keys add NAME makes one.')
  else
    console.log(
      formatTable(
        COLUMNS,
        found.map(key => COLUMNS.map(column => key[column])),
      ),
    )
}

const COLUMNS = ['id', 'name', 'scopes', 'created', 'expires'] as const

function shown({ id, name, scopes, createdAt, expiresAt }: AccessKey) {
  return {
    ...{ id, name, scopes: scopes.join(','), created: new Date(createdAt).toISOString() },
    expires: expiresAt === undefined ? 'never' : new Date(expiresAt).toISOString(),
  }
}
