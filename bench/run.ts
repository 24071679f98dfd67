/** `npm run bench [-- pipeline|latency|age|codec …]`: prints figures and their ratios to named baselines. */
import { benchPipeline } from './pipeline.ts'

const BENCHES: Record<string, () => Promise<void>> = {
  pipeline: () => benchPipeline(Number(process.env.BENCH_MESSAGES ?? 1_000_000), 3),
}

const wanted = process.argv.slice(2)
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
  const bench = BENCHES[name]
  if (!bench) throw new Error(`There is no benchmark ${name}: ${Object.keys(BENCHES).join(', ')}`)
  await bench()
}
