/**
 * Faults planted in the product that show only where the world does more than its calls failing: each names the scenario whose
 * swarm must find it.
 */
import type { Mutant } from './mutants.ts'

const mutant = (scenario: string, name: string, file: string, find: string, replace: string): Mutant => {
  return { scenario, name, file, find, replace }
}

export const WORLD_MUTANTS: readonly Mutant[] = [
  mutant(
    'two',
    'a container’s time is over by its wall clock',
    'functions/bronze/bronze.ts',
    '  if (clock.steady() > end)\n',
    '  if (clock.now() > end)\n',
  ),
  mutant(
    'two',
    'records of an earlier epoch are not looked for',
    'domain/checkpoint.ts',
    'return offset < nextOffset || (epoch > 0 && offset < earlierEnd)',
    'return offset < nextOffset || (epoch > 0 && offset < earlierEnd && offset < 0)',
  ),
  mutant(
    'two',
    'a record of an unknown schema stops its object',
    'functions/silver/decode.ts',
    "      return { type: 'unknown_schema', reason:",
    "      if (schemaId >= 0) throw new BadInput('unknown')\n      return { type: 'unknown_schema', reason:",
  ),
  mutant(
    'two',
    'the reports of the feeds are not committed',
    'domain/tables.ts',
    '...exchanges.map(silverTable), DLQ_TABLE, FEED_GAPS_TABLE]',
    '...exchanges.map(silverTable), DLQ_TABLE]',
  ),
  mutant(
    'months',
    'retention takes the oldest row of a file for its newest',
    'functions/maintain/files.ts',
    'newest: bound(raw.upper_bounds, age),',
    'newest: bound(raw.lower_bounds, age),',
  ),
  mutant(
    'months',
    'candles are folded from a timeframe that has dropped a part of them',
    'functions/ohlcv/ohlcv.ts',
    'filter(window => window < below.keptFrom)',
    'filter(window => window < 0n)',
  ),
  mutant(
    'restored',
    'a repair dies of an object that cannot be read',
    'operations/repair/bronze.ts',
    '    if ((await fileProblem(ports, session, object)) !== undefined) continue\n',
    '',
  ),
  mutant(
    'restored',
    'the candles of a repaired lake are not folded again',
    'operations/repair/repair.ts',
    '  if (done.length > 0 || wasStopped) {\n',
    '  if (done.length < 0) {\n',
  ),
]
