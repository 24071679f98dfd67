/** Faults planted in the feeds: their scenario's swarm must find them. */
import { type Mutant, plantedIn } from './planted.ts'

const mutant = plantedIn('feeds')

export const FEED_MUTANTS: readonly Mutant[] = [
  mutant(
    'missing trades are looked for one id late',
    'feeds/exchanges/binance-api.ts',
    'begin: range => String(range.from),',
    'begin: range => String(range.from + 1),',
  ),
  {
    ...mutant(
      'what is on disk is forgotten when Kafka does not take it',
      'feeds/publisher.ts',
      '      timeouts.after(retryMs * (0.5 + random() / 2), () => void send(records))\n',
      `      timeouts.after(retryMs * (0.5 + random() / 2), () => {
        if (!sending?.spilled) return void send(records)
        spill.taken()
        sending = undefined
        flush()
      })
`,
    ),
    seed: 70,
  },
  mutant(
    'a gap ends at the first look, whatever came',
    'feeds/filler.ts',
    'if (left.length === 0 || !pair || search.looks >= LOOKS) {',
    'if (left.length === 0 || !pair || problem === undefined) {',
  ),
  mutant(
    'what the exchange has skipped is not recorded',
    'feeds/recovery.ts',
    "    reports.sequence(range, 'absent', { from, to })\n",
    '',
  ),
  mutant(
    'Retry-After is not obeyed',
    'feeds/pause.ts',
    'if (asks) until = timers.steady() + pauseOf(reply, timers.now())',
    'if (asks) until = timers.steady() + pauseOf({ headers: {} }, timers.now()) / 1000',
  ),
  mutant('a trade that cannot be read is not recorded', 'feeds/recovery.ts', '    reports.unreadable(trade)\n', ''),
  mutant(
    'a range is filled although one of its trades could not be read',
    'feeds/recovery.ts',
    'if (range.symbol === symbol && range.from <= number && range.to >= number) incomplete.add(range)',
    'if (range.symbol === symbol && range.from < 0 && range.to >= number) incomplete.add(range)',
  ),
  {
    ...mutant(
      'a range is reported as open before any position has it',
      'feeds/recovery.ts',
      '        unannounced.add(range)\n',
      "        reports.sequence(range, 'open')\n",
    ),
    seed: 20_120,
  },
  mutant(
    'a position is saved before Kafka has its trades',
    'feeds/progress.ts',
    '        await publisher.barrier()\n',
    '',
  ),
  mutant(
    'a restart forgets what is missing',
    'feeds/progress.ts',
    '      ...(missing.length > 0 && { missing }),\n',
    '',
  ),
  mutant(
    'half a record on disk is left there',
    'adapters/spill-file.ts',
    '  ftruncateSync(fd, found.end)\n  let { end, records } = found\n',
    '  let { records } = found\n  let end = fstatSync(fd).size\n',
  ),
]
