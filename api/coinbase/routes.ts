/** Coinbase Exchange's public REST API over the lake's markets of Coinbase (docs/clients/coinbase.md). Source: "Exchange REST API". */
import type { Hono } from 'hono'
import { messageOf } from '../../domain/errors.ts'
import type { Variables } from '../catalog/request.ts'
import { givenOnce, readNow, type ShapeOptions, sendJson, shapeRoutes } from '../market/shapes.ts'
import { candlesText } from './candles.ts'
import { currencies, product, products } from './products.ts'
import { stats, ticker, trades } from './trades.ts'

export function coinbaseRoutes(options: ShapeOptions): Hono<Variables> {
  const routes = shapeRoutes(options, error => ({ message: messageOf(error) }))
  routes.use(givenOnce)
  const queryOf = (url: string) => new URL(url).searchParams

  routes.get('/time', context => {
    const { now } = readNow(options)
    const iso = new Date(Number(now / 1000n)).toISOString()
    return sendJson(context, JSON.stringify({ iso, epoch: Number(now / 1000n) / 1000 }))
  })
  routes.get('/currencies', async context => sendJson(context, JSON.stringify(await currencies(readNow(options)))))
  routes.get('/products', async context => sendJson(context, JSON.stringify(await products(readNow(options)))))
  routes.get('/products/:id', async context =>
    sendJson(context, JSON.stringify(await product(readNow(options), context.req.param('id')))),
  )
  routes.get('/products/:id/candles', async context =>
    sendJson(context, await candlesText(readNow(options), context.req.param('id'), queryOf(context.req.url))),
  )
  routes.get('/products/:id/trades', async context => {
    const page = await trades(readNow(options), context.req.param('id'), queryOf(context.req.url))
    return sendJson(context, JSON.stringify(page.rows), page.headers)
  })
  routes.get('/products/:id/ticker', async context =>
    sendJson(context, JSON.stringify(await ticker(readNow(options), context.req.param('id')))),
  )
  routes.get('/products/:id/stats', async context =>
    sendJson(context, JSON.stringify(await stats(readNow(options), context.req.param('id')))),
  )
  routes.all('*', context => context.json({ message: 'NotFound' }, 404))
  return routes
}
