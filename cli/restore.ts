/** `tradelake restore`: a deployed lake's state from a backup, brought up to what its tables hold. */
import { awsClients } from '../adapters/aws-clients.ts'
import { scanItems } from '../adapters/dynamodb-scan.ts'
import { BadInput } from '../domain/errors.ts'
import type { StateTable } from '../domain/ports.ts'
import { wireFunctions } from '../embedded/functions.ts'
import { createTotals } from '../embedded/totals.ts'
import { repairLake } from '../operations/repair/repair.ts'
import { type Restored, restoreTable } from '../operations/restore.ts'
import { auditAfter } from './audit.ts'
import { command, JSON_OPTION, LAKE_OPTIONS } from './command.ts'
import { formatCount } from './format.ts'
import { LINEAGE_OPTION, toldOf } from './lineage.ts'
import { QUIET_OPTION, withProgress } from './terminal/progress.ts'
import { onStack } from './work-lake.ts'

export const restore = command({
  name: 'restore',
  usage: '--stack NAME [--state TABLE] [--catalog TABLE] [--lineage URL|FILE] [--json | --quiet]',
  options: {
    stack: LAKE_OPTIONS.stack,
    state: { type: 'string', value: 'TABLE', help: 'the restored copy of the state table' },
    catalog: { type: 'string', value: 'TABLE', help: 'the restored copy of the catalog table' },
    lineage: LINEAGE_OPTION,
    json: JSON_OPTION,
    quiet: QUIET_OPTION,
  },
  async run({ stack, state, catalog, lineage, json, quiet }) {
    if (stack === undefined)
      throw new BadInput('Give --stack NAME: for a lake in a folder, put the backup of state.sqlite in its place.')
    const backups = Object.entries({ state, catalog }).filter(([, name]) => name !== undefined) as [
      StateTable,
      string,
    ][]
    if (backups.length === 0)
      throw new BadInput('Give --state TABLE, --catalog TABLE or both: tables that DynamoDB restored from a backup.')
    const done = await onStack(stack, toldOf({ lineage }), { kind: 'repair' }, ({ log, alone }, deployed) => {
      const ours = { state: deployed.output('StateTable'), catalog: deployed.output('CatalogTable') }
      const own = backups.find(([, name]) => Object.values(ours).includes(name))
      if (own) throw new BadInput(`${own[1]} is the stack's own table: give a restored copy of it as --${own[0]}.`)
      return alone('tradelake restore', async lake => {
        const { dynamo } = awsClients()
        const items = (name: string, table: StateTable) => () => scanItems(dynamo, name, table)
        return withProgress({ json, quiet }, async told => {
          const restored: string[] = []
          for (const [table, name] of backups) {
            const from = { backup: items(name, table), now: items(ours[table], table) }
            restored.push(...sentences(await restoreTable(lake, table, from, told)))
          }
          const repaired = await repairLake(lake, wireFunctions(lake, log), createTotals(lake.exchanges), told)
          return [...restored, ...repaired]
        })
      })
    })
    return auditAfter(done, { data: '', stack, json, quiet })
  },
})

function sentences({ table, put, removed, users }: Restored): string[] {
  const counts = `${formatCount(put)} items were put into the ${table} table, ${formatCount(removed)} that the backup lacks were removed`
  return [counts, ...users]
}
