/** The lake that a reading command is about: in a folder, or deployed. */
import type { ReadableLake } from '../domain/lake.ts'
import { openLakeReadOnly } from '../embedded/lake.ts'
import { openDeployedLake } from '../operations/deployed-lake.ts'
import { type Arguments, DATA_OPTION, type Option } from './command.ts'

/** For commands that can look at a deployment too. */
export const LAKE_OPTIONS: Readonly<Record<'data' | 'stack', Option>> = {
  data: DATA_OPTION,
  stack: { type: 'string', value: 'NAME', help: 'the lake of a deployed stack, instead of --data' },
}

/** @throws BadInput where there is none */
export async function openToRead(args: Arguments): Promise<ReadableLake> {
  const stack = args.text('stack')
  return stack === undefined ? openLakeReadOnly(args.text('data') as string) : openDeployedLake(stack)
}
