/** What is wrong with the words of `tradelake verify` is said before AWS is asked; what it finds is tested beside operations/verify.ts. */
import { expect, test } from 'vitest'
import { runCommand } from './support.ts'

test.each([
  ['no stack', [], /Say which stack: --stack tradelake-dev/],
  ['no duration', ['--stack', 'tradelake-dev', '--wait', 'soon'], /soon is not a duration/],
])('%s is refused in one line', async (_, words, message) => {
  const { status, stdout, stderr } = await runCommand('verify', ...words)
  expect(stderr).toMatch(/^tradelake: [^\n]+\n$/)
  expect(stderr).toMatch(message)
  expect(stdout).toBe('')
  expect(status).toBe(1)
})
