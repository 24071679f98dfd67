/** The registry adapter against a registry that others made. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { confluentRegistry } from '../../adapters/confluent-registry.ts'
import { registerSchema } from '../../adapters/schema-registration.ts'
import { systemClock } from '../../adapters/system.ts'
import { Throttled } from '../../domain/errors.ts'
import { TRADE_SCHEMA } from '../../domain/trade.ts'
import { hasJava } from '../../localstack/maven.ts'
import { startRegistry } from '../../localstack/registry.ts'

test.skipIf(!hasJava())('ids are resolved, unknown ones reported, and an outage is an outage', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-registry-'))
  const service = await startRegistry(folder)
  try {
    const id = await registerSchema(service.url, 'market.crypto.trades-value', TRADE_SCHEMA)
    const registry = confluentRegistry({ url: service.url, clock: systemClock() })
    expect(await registry.writerSchema(id)).toEqual(TRADE_SCHEMA)
    expect(await registry.writerSchema(id + 1000)).toBeUndefined()
    await service.stop()
    await expect(registry.writerSchema(id)).rejects.toThrow(Throttled)
  } finally {
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
