// Reads a test run's JSON report: the first line counts what passed, failed and was left out, and each line after it names
// a failed test, its file and the first line of why, so that the end of a long log says what to look at.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const firstLine = text => (text ?? '').trim().split('\n', 1)[0]

console.log(report.numPassedTests, report.numFailedTests, report.numPendingTests + report.numTodoTests)
for (const file of report.testResults) {
  const name = relative(process.cwd(), file.name)
  const failed = file.assertionResults.filter(test => test.status === 'failed')
  for (const test of failed) console.log(`${name}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`)
  if (failed.length === 0 && file.status === 'failed') console.log(`${name}: ${firstLine(file.message)}`)
}
