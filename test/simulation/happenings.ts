/** What happens to a swarm's world besides faults of calls, drawn by its seed: which, when, and to what. */
import type { Random } from '../../feeds/random.ts'

/**
 * What the platform and its surroundings do:
 *   clock-jump       the clocks of some warm containers go some seconds or minutes forward or back
 *   trim             Kafka's retention deletes the first of the next records before anyone takes them
 *   recreate         a topic is deleted and made again; old batches that a poller still had come afterwards
 *   poison-objects   objects that no stage wrote appear in Bronze's prefix
 *   poison-messages  messages that no decoder takes
 *   old-notices      notifications of objects that Silver has long taken come again
 *   throttles        for a time most calls are refused
 *   gap-reports      feeds report what they missed, and something sends there what is no report
 */
export const SURROUNDINGS = [
  'clock-jump',
  'trim',
  'recreate',
  'poison-objects',
  'poison-messages',
  'old-notices',
  'throttles',
  'gap-reports',
] as const

/** What a person does with the lake (operator.ts): some of them beside the schedules, some with the lake for itself. */
export const BESIDE = ['rebuild', 'redrive'] as const
export const ALONE = ['repair', 'restore'] as const

export type HappeningKind = (typeof SURROUNDINGS)[number] | (typeof BESIDE)[number] | (typeof ALONE)[number]

export interface Happening {
  readonly kind: HappeningKind
  /** Milliseconds after the world's beginning. */
  readonly at: number
  /** What the happening itself chooses by. */
  readonly seed: number
}

/** Each kind happens in this share of the runs, up to three times. */
const SHARE = 0.3
const OPERATOR_SHARE = 0.6
const BY_OPERATOR: ReadonlySet<string> = new Set([...BESIDE, ...ALONE])
const MOST = 3
/** What follows the last wave is what drains. */
const AFTER_MS = 400_000

/** Those of a run, in order. `until`: when the last wave comes, milliseconds after the beginning. */
export function seededHappenings(random: Random, kinds: readonly HappeningKind[], until: number): Happening[] {
  const found: Happening[] = []
  for (const kind of kinds) {
    if (random() >= (BY_OPERATOR.has(kind) ? OPERATOR_SHARE : SHARE)) continue
    for (let times = 1 + Math.floor(random() * MOST); times > 0; times--) {
      const at = Math.floor((random() * (until + AFTER_MS)) / 1000) * 1000
      found.push({ kind, at, seed: Math.floor(random() * 2 ** 31) })
    }
  }
  return found.sort((a, b) => a.at - b.at)
}
