/** The lake that a reading command looks at: in a folder, or deployed. */
import type { ReadableLake } from '../domain/lake.ts'
import { openLakeReadOnly } from '../embedded/lake.ts'
import { openDeployedLake } from '../operations/deployed-lake.ts'
import { DATA_OPTION, type Options, type Values } from './command.ts'

/** For commands that can look at a deployment too. */
export const LAKE_OPTIONS = {
  data: DATA_OPTION,
  stack: { type: 'string', value: 'NAME', help: 'the lake of a deployed stack, instead of --data', insteadOf: 'data' },
} as const satisfies Options

/** @throws BadInput where there is no such lake */
export async function openToRead({ data, stack }: Values<typeof LAKE_OPTIONS>): Promise<ReadableLake> {
  return stack === undefined ? openLakeReadOnly(data) : openDeployedLake(stack)
}
