/**
 * `tradelake maintain`: joins small files, drops days past their retention and deletes files that no snapshot names.
 */
import { sumOf } from '../domain/counts.ts'
import { parseRetention } from '../domain/retention.ts'
import { allTables } from '../domain/tables.ts'
import { SAME_TRADE_MICROS } from '../domain/trade.ts'
import { createMetrics } from '../embedded/metrics.ts'
import { bytesText } from '../figures/pipeline.ts'
import { maintainHandler } from '../functions/maintain/handler.ts'
import type { MaintainResult, TableResult } from '../functions/maintain/maintain.ts'
import { command, JSON_OPTION, RETENTION_OPTION } from './command.ts'
import { formatCount } from './format.ts'
import { QUIET_OPTION, withProgress } from './terminal/progress.ts'
import { optional, parseDuration } from './values.ts'
import { WORK_OPTIONS, withLake } from './work-lake.ts'

export const maintain = command({
  name: 'maintain',
  usage:
    '[--closed-after 10m] [--retention TABLE=DAYS,…] [--data DIR | --stack NAME] [--lineage URL|FILE] [--json] [--quiet]',
  options: {
    'closed-after': {
      type: 'string',
      value: 'TIME',
      help: "how long after its end a partition's last files are joined (default: 10m; 24h for candles)",
    },
    retention: RETENTION_OPTION,
    ...WORK_OPTIONS,
    json: JSON_OPTION,
    quiet: QUIET_OPTION,
  },
  async run(values) {
    const closedAfterMs = optional(values['closed-after'], parseDuration)
    const retention = optional(values.retention, text => parseRetention(text, allTables()))
    return withLake(values, { retention, kind: 'maintain' }, async ({ beside, log }) => {
      const result = await withProgress(values, told =>
        beside(async ({ ports, exchanges, settings }) => {
          const options = { sweepEveryMs: 0, closedAfterMs, progress: told, ...settings }
          const run = maintainHandler({ log, metrics: createMetrics() }, ports, exchanges, options)
          // Without a limit: a person waits until everything is done.
          const context = { awsRequestId: ports.ids.uuid(), getRemainingTimeInMillis: () => Number.POSITIVE_INFINITY }
          return run({}, context)
        }),
      )
      if (values.json) console.log(JSON.stringify(result, null, 2))
      else for (const line of linesOf(result)) console.log(line)
      return result.failures.length === 0 ? 0 : 1
    })
  },
})

function linesOf({ tables, deletedPayloads, failures }: MaintainResult): string[] {
  const lines = tables.flatMap(table => [table.table, ...tableLines(table).map(line => `  ${line}`)])
  if (deletedPayloads > 0) lines.push(`${formatCount(deletedPayloads)} payloads of finished work deleted`)
  lines.push(...failures.map(({ what, reason }) => `FAILED ${what}: ${reason}`))
  return lines.length === 0 ? ['There was nothing to do.'] : lines
}

function tableLines(table: TableResult): string[] {
  const { joins, droppedPartitions, expiredSnapshots, deletedObjects, notedObjects } = table
  const sum = (of: 'files' | 'bytesRead' | 'bytesWritten' | 'conflicts') => sumOf(joins, join => join[of])
  const partitions = new Set(joins.map(join => join.partition)).size
  return [
    joins.length > 0 &&
      `${formatCount(sum('files'))} files of ${formatCount(partitions)} partition${partitions === 1 ? '' : 's'} joined into ${formatCount(joins.length)}: ${bytesText(sum('bytesRead'))} read, ${bytesText(sum('bytesWritten'))} written`,
    sum('conflicts') > 0 &&
      `${formatCount(sum('conflicts'))} trades share a message_id with another trade over ${SAME_TRADE_MICROS / 1_000_000n} s apart: a conflict in the source, both stay`,
    droppedPartitions.length > 0 &&
      `past their retention and dropped: ${droppedPartitions.join(', ')}, ${formatCount(table.droppedRows)} rows`,
    expiredSnapshots > 0 && `${formatCount(expiredSnapshots)} snapshots expired`,
    deletedObjects > 0 &&
      `${formatCount(deletedObjects)} objects deleted that no snapshot named, ${bytesText(table.deletedBytes)}`,
    notedObjects > 0 &&
      `${formatCount(notedObjects)} objects that no snapshot names: a run an hour from now deletes them`,
  ].filter(line => line !== false)
}
