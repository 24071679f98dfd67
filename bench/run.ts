/** `npm run bench [-- pipeline|latency|age|maintain|freshness|encode|batch-bytes|feed|catalog|replay|lineage|requests|scale|api|soak-api|start …]`: prints figures and their ratios to named baselines. */
import { benchAge } from './age.ts'
import { benchApi } from './api.ts'
import { benchBatchBytes } from './batch-bytes.ts'
import { benchCatalog } from './catalog.ts'
import { benchColdStart } from './coldstart.ts'
import { benchEncode } from './encode.ts'
import { benchFeed } from './feed.ts'
import { benchFreshness } from './freshness.ts'
import { benchLatency } from './latency.ts'
import { benchLineage } from './lineage.ts'
import { benchMaintain } from './maintain.ts'
import { benchPipeline } from './pipeline.ts'
import { benchReplay } from './replay.ts'
import { benchRequests } from './requests.ts'
import { benchScale } from './scale.ts'
import { benchSoakApi } from './soak-api.ts'
import { benchStart } from './start.ts'

const MESSAGES = Number(process.env.BENCH_MESSAGES ?? 1_000_000)
/** The feed's benchmark: trades a second, and for how long, as the soak of the read API. */
const RATE = Number(process.env.BENCH_RATE ?? 10_000)
const MINUTES = Number(process.env.BENCH_MINUTES ?? 10)

const BENCHES: Record<string, () => Promise<void>> = {
  pipeline: () => benchPipeline(MESSAGES, 3),
  latency: () => benchLatency(MESSAGES, 60),
  age: benchAge,
  maintain: benchMaintain,
  freshness: benchFreshness,
  coldstart: benchColdStart,
  encode: benchEncode,
  'batch-bytes': benchBatchBytes,
  feed: () => benchFeed(RATE, MINUTES),
  catalog: benchCatalog,
  api: benchApi,
  replay: benchReplay,
  lineage: benchLineage,
  requests: benchRequests,
  scale: benchScale,
  'soak-api': () => benchSoakApi(MINUTES),
  start: benchStart,
}

const wanted = process.argv.slice(2)
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
  const bench = BENCHES[name]
  if (!bench) throw new Error(`There is no benchmark ${name}: ${Object.keys(BENCHES).join(', ')}`)
  await bench()
}
