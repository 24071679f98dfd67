/** The description of `/v1` as a page that needs nothing from elsewhere. */
import { html, raw } from 'hono/html'
import { PARAMETERS } from './parameter-list.ts'
import type { Route } from './route.ts'

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code{font:0.9em ui-monospace,monospace}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884}
h2{margin-top:2.5rem}details{margin:.5rem 0}`

export function descriptionPage(routes: readonly Route[]) {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>tradelake: candles and trades over HTTP</title>
<style>${raw(STYLE)}</style>
<h1>Candles and trades over HTTP</h1>
<p>Decimals are text, <code>start</code> is inclusive and <code>end</code> exclusive, times are UTC. As a document for programs: <a href="openapi.json">openapi.json</a>.</p>
${routes.map(section)}
</html>`
}

function section({ method, path, summary, parameters, columns }: Route) {
  const address = `/v1${path.replace(/:(\w+)(?:\{[^}]*\})?/g, '{$1}')}`
  const title = html`<code>${method.toUpperCase()} ${address}</code>`
  return html`<h2>${method === 'get' && !path.includes(':') ? html`<a href="${address}">${title}</a>` : title}</h2>
<p>${summary}</p>
${
  parameters.length > 0 &&
  html`<details><summary>Parameters</summary><table>${parameters.map(name => row(name, PARAMETERS[name].description))}</table></details>`
}
${columns && html`<details><summary>What a row has</summary><table>${columns.map(({ name, doc }) => row(name, doc))}</table></details>`}`
}

function row(name: string, description: string) {
  return html`<tr><th scope="row"><code>${name}</code></th><td>${description}</td></tr>`
}
