/** `tradelake status`: how a lake is doing, on one screen. */
import { openDeployedLake } from '../operations/deployed-lake.ts'
import { type DeploymentStatus, deploymentStatus } from '../operations/deployed-status.ts'
import { type LakeStatus, lakeStatus } from '../operations/status.ts'
import { command, JSON_OPTION, LAKE_OPTIONS } from './command.ts'
import { formatCount, formatTable } from './format.ts'
import { openToRead } from './open-lake.ts'

export const status = command({
  name: 'status',
  usage: '[--data DIR | --stack NAME] [--json]',
  options: { ...LAKE_OPTIONS, json: JSON_OPTION },
  async run(values) {
    const deployed = values.stack === undefined ? undefined : await openDeployedLake(values.stack)
    const lake = deployed ?? (await openToRead(values))
    try {
      const found = await lakeStatus(lake)
      const deployment = deployed && (await deploymentStatus(deployed))
      if (values.json) console.log(JSON.stringify({ ...found, ...deployment }, null, 2))
      else for (const line of linesOf(found, deployment)) console.log(line)
      return found.tables.every(({ problem }) => problem === undefined) ? 0 : 1
    } finally {
      lake.close()
    }
  },
})

/** What a person reads. */
export function linesOf(lake: LakeStatus, deployment: DeploymentStatus | undefined): string[] {
  const { now, deadLetters, gaps, paused } = lake
  const ago = (time: number | undefined) => agoText(now, time)
  const damaged = lake.tables.flatMap(({ table, problem }) => (problem === undefined ? [] : [{ table, problem }]))
  const looked = deadLetters.trades + deadLetters.letters
  const share = looked === 0 ? '' : ` (${((100 * deadLetters.letters) / looked).toFixed(1)} %)`
  const neverSwept = lake.tables.filter(({ swept, rows }) => swept === undefined && rows > 0)
  const swept = lake.tables.flatMap(table => table.swept ?? [])
  return [
    ...(paused
      ? [`PAUSED: ${paused.purpose} has the lake to itself until ${new Date(paused.until).toISOString()}`, '']
      : []),
    ...damaged.map(({ table, problem }) => `UNREADABLE ${table}: ${problem}`),
    ...(damaged.length > 0 ? ['Run tradelake audit; the lines below know nothing of what is in there.', ''] : []),
    formatTable(
      ['exchange', 'last record', 'last trade', 'records of the last hour', 'offsets missing'],
      lake.exchanges.map(({ exchange, lastRecord, lastTrade, recordsInHour, missingOffsets }) => [
        exchange,
        ago(lastRecord),
        ago(lastTrade),
        formatCount(recordsInHour),
        formatCount(missingOffsets),
      ]),
    ),
    '',
    `Gold's newest trade: ${ago(lake.lastGold)}`,
    ...(lake.pending.length === 0
      ? ['Nothing is pending.']
      : lake.pending.map(
          ({ consumer, items, oldest }) =>
            `${formatCount(items)} pending for ${consumer}, the oldest for ${durationText(now - (oldest ?? now))}`,
        )),
    `Dead letters of the last hour: ${formatCount(deadLetters.letters)} of ${formatCount(looked)} records${share}`,
    gaps
      ? `Feeds: ${formatCount(gaps.open)} trades looked for, ${formatCount(gaps.lost)} lost, ${formatCount(gaps.unreadable)} unreadable`
      : 'Feeds: what they report cannot be read',
    neverSwept.length > 0
      ? `Maintenance never swept ${neverSwept.map(({ table }) => table).join(', ')}.`
      : swept.length === 0
        ? 'There is nothing yet for maintenance to sweep.'
        : `Maintenance swept every table within the last ${durationText(now - swept.reduce((a, b) => Math.min(a, b)))}.`,
    '',
    formatTable(
      ['table', 'rows', 'files', 'last commit'],
      lake.tables.map(({ table, problem, rows, files, committed }) =>
        problem === undefined
          ? [table, formatCount(rows), formatCount(files), ago(committed)]
          : [table, '?', '?', 'unreadable'],
      ),
    ),
    ...(deployment ? ['', ...deploymentLines(deployment)] : []),
  ]
}

function deploymentLines({ functions, alarms }: DeploymentStatus): string[] {
  const builds = Map.groupBy(functions, ({ build }) => build ?? 'an unknown build')
  return [
    ...[...builds].map(([build, of]) =>
      builds.size === 1
        ? `All ${of.length} functions are of build ${build}.`
        : `Of build ${build}: ${of.map(({ name }) => name).join(', ')}`,
    ),
    ...(alarms.length === 0
      ? ['No alarm rings.']
      : alarms.map(({ name, since, reason }) => `ALARM ${name} since ${since}: ${reason}`)),
  ]
}

function agoText(now: number, time: number | undefined): string {
  if (time === undefined) return 'never'
  return time > now + 1_000 ? `in ${durationText(time - now)}` : `${durationText(now - time)} ago`
}

/** `42 s`, `17 min`, `5 h`, `3 d`: two digits say enough of a lag. */
function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
  ] as const
  for (const [size, unit] of units) if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit}`
  return `${seconds} s`
}
