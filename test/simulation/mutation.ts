/** Plants a mutant in a copy of the sources and lets the campaigns look for it from there. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Mutant } from './planted.ts'
import type { Work } from './worker.ts'
import { runCampaign } from './workers.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COPIED = [
  'package.json',
  'domain',
  'figures',
  'iceberg',
  'tables',
  'adapters',
  'feeds',
  'functions',
  'api',
  'embedded',
  'operations',
  'localstack',
  'test',
]

/** What caught a mutant, and at which of its runs. */
export interface Catch {
  readonly campaign: string
  /** Number of the run in the campaign that caught it. */
  readonly run: number
  /** Runs of all campaigns up to then. */
  readonly runs: number
  readonly violation: string
}

/** In this order: the cheapest first. */
const HUNTS: readonly Pick<Work, 'campaign' | 'scenario' | 'seeds' | 'runs'>[] = [
  { campaign: 'swarm', scenario: 'two', seeds: [1], runs: 60 },
  { campaign: 'swarm', scenario: 'waves', seeds: [1], runs: 80 },
  { campaign: 'single', scenario: 'one-batch', seeds: [1], runs: undefined },
  { campaign: 'swarm', scenario: 'two', seeds: [1_000], runs: 1_000 },
  { campaign: 'swarm', scenario: 'waves', seeds: [1_000], runs: 400 },
]

/** Tables evolve in one scenario alone. */
const MIGRATION: typeof HUNTS = [{ campaign: 'single', scenario: 'aged', seeds: [1], runs: undefined }]

/** Where a mutant can show at all: maintenance runs in some scenarios alone, migrations in one. */
function huntsFor({ file, name, scenario, seed = 1 }: Mutant): typeof HUNTS {
  if (scenario !== undefined) return [{ campaign: 'swarm', scenario, seeds: [seed], runs: 150 }]
  if (file.includes('evolve') || name.includes('older version')) return MIGRATION
  const inMaintenance = file.includes('maintain') || name.includes('pointer moves')
  return inMaintenance ? HUNTS.filter(({ scenario }) => scenario === 'waves') : HUNTS
}

/** Undefined where every campaign ends without having noticed anything. */
export async function hunt(mutant: Mutant): Promise<Catch | undefined> {
  const root = plant(mutant)
  let runs = 0
  try {
    for (const work of huntsFor(mutant)) {
      const result = await runCampaign({
        ...work,
        minutes: undefined,
        maxFailures: 1,
        shrink: false,
        processes: 1,
        root,
      })
      runs += result.runs
      const [failure] = result.failures
      const campaign = `${work.campaign} ${work.scenario}`
      if (failure) return { campaign, run: result.runs, runs, violation: failure.violations[0] }
    }
    return undefined
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** A copy of the sources with the mutant in it. @throws Error where its snippet does not stand there exactly once */
function plant({ name, file, find, replace }: Mutant): string {
  const text = readFileSync(join(ROOT, file), 'utf8')
  if (text.split(find).length !== 2) throw new Error(`${file} does not hold the snippet of '${name}' exactly once`)
  const root = mkdtempSync(join(tmpdir(), 'tradelake-mutant-'))
  for (const part of COPIED) cpSync(join(ROOT, part), join(root, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  writeFileSync(
    join(root, file),
    text.replace(find, () => replace),
  )
  return root
}
