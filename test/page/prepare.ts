/** The browser is installed before the tests: a slow download does not count as a test's time. */
import { installedChromium } from './chromium.ts'

export default async function prepare(): Promise<void> {
  await installedChromium()
}
