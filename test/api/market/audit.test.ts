/** An audit over HTTP: one at a time, with its progress and verdict, and not for who may only read. */
import { describe, expect, test } from 'vitest'
import { systemSecret } from '../../../adapters/system.ts'
import { createApi } from '../../../api/app.ts'
import { type AccessKey, addKey } from '../../../domain/access-keys.ts'
import type { AuditProgress, AuditVerdict } from '../../../domain/server-ports.ts'
import { SILENT } from '../../silent-log.ts'
import { marketLake } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const VERDICT: AuditVerdict = { holds: true, audited_at: '', laws: [{ law: 1 }], losses: [], feeds: undefined }

/** An audit that goes on when the test says so. */
function heldAudit() {
  const audits: { progress: AuditProgress; end: (verdict: AuditVerdict) => void; fail: (error: Error) => void }[] = []
  const audit = (progress: AuditProgress) =>
    new Promise<AuditVerdict>((end, fail) => {
      audits.push({ progress, end, fail })
    })
  return { audit, audits }
}

describe('an audit', () => {
  test('is made when it is asked for, one at a time, and says how far it is and what it found', async () => {
    const { audit, audits } = heldAudit()
    const lake = await marketLake({ audit })
    const ask = async (): Promise<Json> => (await lake.get('audit')).json()
    const begin = () => lake.ask('audit', { method: 'POST' })
    expect(await ask()).toEqual({ can: true, running: null, last: null })
    expect((await begin()).status).toBe(202)
    const again = await begin()
    expect([again.status, ((await again.json()) as Json).detail]).toEqual([
      409,
      'An audit is under way: GET /v1/audit says how far it is.',
    ])
    expect(audits.length).toBe(1)
    audits[0].progress({ step: 'gold', done: 6, of: 8 })
    expect((await ask()).running).toEqual({ started: '2026-11-20T12:00:00.000Z', step: 'gold', done: 6, of: 8 })
    lake.clock.advance(2_500)
    audits[0].end(VERDICT)
    await new Promise(resolve => setImmediate(resolve))
    expect(await ask()).toEqual({
      ...{ can: true, running: null },
      last: {
        ...{ started: '2026-11-20T12:00:00.000Z', seconds: 2.5, problem: null },
        verdict: { holds: true, audited_at: '', laws: [{ law: 1 }], losses: [] },
      },
    })
    // One that fails is told of without its reasons, which may name places of this machine.
    await begin()
    audits[1].fail(new Error('/secret/place is full'))
    await new Promise(resolve => setImmediate(resolve))
    expect((await ask()).last).toMatchObject({
      ...{ verdict: null, problem: "It could not be made: the server's log says why." },
    })
    expect((await begin()).status).toBe(202)
  })

  test('is known when the server is another one, and what it found is then that of the last that was made', async () => {
    const { audit, audits } = heldAudit()
    const lake = await marketLake({ audit })
    const make = async (verdict: AuditVerdict) => {
      await lake.ask('audit', { method: 'POST' })
      lake.clock.advance(1_500)
      audits.at(-1)?.end(verdict)
      await new Promise(resolve => setImmediate(resolve))
    }
    await make(VERDICT)
    await make({ ...VERDICT, holds: false })
    const found = ((await (await lake.get('audit')).json()) as Json).last
    expect(found).toMatchObject({ seconds: 1.5, problem: null, verdict: { holds: false, laws: [{ law: 1 }] } })
    const other = createApi({ ports: lake.ports, log: SILENT, auth: 'none', audit })
    const answer = await other.request('http://localhost:8080/v1/audit', { headers: { host: 'localhost:8080' } })
    expect(((await answer.json()) as Json).last).toEqual(found)
  })

  test('is not for a key that may only read, nor for a server that makes none', async () => {
    const { audit, audits } = heldAudit()
    const lake = await marketLake({ audit, auth: 'keys' })
    const withScopes = async (scopes: AccessKey['scopes']) => {
      const { text } = await addKey(lake.ports, { secret: systemSecret(), name: 'k', scopes, expiresAt: undefined })
      return { authorization: `Bearer ${text}` }
    }
    const reader = await withScopes(['read'])
    expect((await lake.get('audit', reader)).status).toBe(200)
    expect((await lake.ask('audit', { method: 'POST', headers: reader })).status).toBe(403)
    const research = await withScopes(['read', 'write:research'])
    expect((await lake.ask('audit', { method: 'POST', headers: research })).status).toBe(403)
    expect(audits.length).toBe(0)
    const writer = await withScopes(['read', 'write:market_data'])
    expect((await lake.ask('audit', { method: 'POST', headers: writer })).status).toBe(202)
    const without = await marketLake()
    expect(await (await without.get('audit')).json()).toEqual({ can: false, running: null, last: null })
    expect((await without.ask('audit', { method: 'POST' })).status).toBe(403)
  })
})
