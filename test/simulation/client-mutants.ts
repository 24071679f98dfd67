/** Faults planted in the catalog: the swarm of its clients must find them. */
import { type Mutant, plantedIn } from './planted.ts'

const mutant = plantedIn('clients')

export const CLIENT_MUTANTS: readonly Mutant[] = [
  mutant(
    'a change’s outcome is not kept',
    'api/catalog/mutate.ts',
    'const all = [...writes, noted(ports, item, digest, locations)]',
    'const all = [...writes, ...[noted(ports, item, digest, locations)].slice(1)]',
  ),
  mutant(
    'what stands in the way of a repeated request is never itself',
    'api/catalog/mutate.ts',
    '        if (late) return { writes: [], result: late }\n',
    '',
  ),
  {
    ...mutant(
      'the metadata of a commit that was not heard of is deleted',
      'api/catalog/written.ts',
      '    if (isCertain) await forget()\n',
      '    await forget()\n',
    ),
    seed: 5_001,
  },
  mutant(
    'a user’s table moves on whatever it is by then',
    'api/catalog/entries.ts',
    "attributes },\n    when: { is: 'matching', attributes: { v: entry.version } },\n",
    'attributes },\n',
  ),
  mutant(
    'of a transaction’s tables the last is left out',
    'api/catalog/tables.ts',
    'joinWrites(staged.flatMap(each => each.writes))',
    'joinWrites(staged.slice(0, Math.max(1, staged.length - 1)).flatMap(each => each.writes))',
  ),
  mutant(
    'a snapshot on a table of the pipeline is taken for a tag',
    'api/catalog/tables.ts',
    '  if (updates.length === 0 || !updates.every(isTag)) requireForUsers(identifier.namespace)\n',
    '  if (updates.every(isTag) && updates.length === 0) requireForUsers(identifier.namespace)\n',
  ),
  mutant('a purge ends before its files are deleted', 'api/catalog/purges.ts', '    await files.delete(batch)\n', ''),
]
