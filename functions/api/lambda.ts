/** The web application's function as it is deployed, behind a function URL: who has no key is not answered. */
import { handle } from 'hono/aws-lambda'
import { awsPorts, VARIABLES } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { s3FileService } from '../../adapters/file-service.ts'
import { systemTimers } from '../../adapters/system.ts'
import { createApi, STATE_AGE_MS } from '../../api/app.ts'
import { TradelakeError } from '../../domain/errors.ts'
import { lineageOfFunction, thenTell } from '../lineage.ts'

const { ports } = awsPorts()
const telemetry = awsTelemetry('api')
const { log, metrics } = telemetry
const lineage = lineageOfFunction(ports, telemetry)
const { AWS_REGION: region } = process.env
if (!region) throw new TradelakeError('AWS_REGION is not set: Lambda sets it.')
/**
 * A response has at most 6 MB, as JSON that holds the body as text, whose quotes are escaped, or as base64 (Lambda developer guide,
 * "Lambda quotas").
 */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024
const api = createApi({
  ports,
  service: s3FileService({ region, roleArn: process.env[VARIABLES.filesRole], now: ports.clock.now }),
  log,
  auth: 'keys',
  isLogged: true,
  maxAnswerBytes: MAX_ANSWER_BYTES,
  stateAgeMs: STATE_AGE_MS,
  // Bodies that go on are neither sent as they are made nor ever ended when the client has left.
  live: { timers: systemTimers(), isStreaming: false },
  // Its role may not write where the pipeline does.
  tags: false,
  lineage,
  counted: name => {
    metrics.addMetric(name, 'Count', 1)
    metrics.publishStoredMetrics()
  },
})
export const handler = thenTell(lineage, handle(api))
