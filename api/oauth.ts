/**
 * The token route of OAuth 2 (RFC 6749, "Client Credentials Grant"), which clients with an id and a secret ask before anything else.
 * A key's token is its own text: it says all that there is to say, and ends when the key does.
 */
import { type Context, Hono } from 'hono'
import { findKey, isKeyText, keyText } from '../domain/access-keys.ts'
import type { Ports } from '../domain/ports.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** `keys`: where they are; undefined: everybody gets a token, as none is needed. */
export function oauthRoutes(keys: Pick<Ports, 'state' | 'clock'> | undefined): Hono {
  const routes = new Hono()
  routes.post('/v1/oauth/tokens', async context => {
    const form = new URLSearchParams(await context.req.text())
    const grant = form.get('grant_type')
    if (grant !== 'client_credentials' && grant !== EXCHANGE)
      return refuse(context, 400, 'unsupported_grant_type', `grant_type is ${grant}: give client_credentials.`)
    const text = grant === EXCHANGE ? (form.get('subject_token') ?? '') : credentialsOf(context, form)
    if (keys && !(await findKey(keys, text)))
      return refuse(
        context,
        401,
        'invalid_client',
        'There is no key with this id and secret, or it has expired or was revoked.',
      )
    return context.json({ access_token: text || 'none', token_type: 'bearer', issued_token_type: ACCESS_TOKEN })
  })
  return routes
}

/** PyIceberg and Java send id and secret in the body, DuckDB in a Basic header. The secret may be a key’s whole text. */
function credentialsOf(context: Context, form: URLSearchParams): string {
  const basic = /^basic +(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1]
  const [user = '', ...rest] = basic === undefined ? [] : Buffer.from(basic, 'base64').toString('utf8').split(':')
  const id = form.get('client_id') ?? decodeURIComponent(user)
  const secret = form.get('client_secret') ?? decodeURIComponent(rest.join(':'))
  return isKeyText(secret) ? secret : keyText(id, secret)
}

function refuse(context: Context, status: 400 | 401, error: string, description: string): Response {
  return context.json({ error, error_description: description }, status)
}
