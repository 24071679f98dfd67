/** The page begins here. */
import { render } from 'preact'
import { App } from './shell/app.tsx'
import './styles/page.css'

const root = document.getElementById('app')
if (root) {
  root.replaceChildren()
  render(<App />, root)
}
