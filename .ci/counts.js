// A reporter of vitest that writes TEST_RESULTS: the first line counts what passed, failed and was left out, and each line after it
// names what failed, its file and the first line of why, so that the end of a long log says what to look at. What fails outside a test
// (a hook, an import) is named too: vitest's JSON report leaves out why.
import { writeFileSync } from 'node:fs'

const firstLine = text => (text ?? 'no reason was given').trim().split('\n', 1)[0]

/** What failed in a module, outermost first: `[name, errors]`. */
function failuresOf(module) {
  const inside = [...module.children.allSuites()].map(suite => [`: ${suite.fullName}`, suite.errors()])
  const tests = [...module.children.allTests('failed')].map(test => [`: ${test.fullName}`, test.result().errors])
  return [['', module.errors()], ...inside, ...tests].filter(([, errors]) => errors.length > 0)
}

export default class Counts {
  onTestRunEnd(modules, unhandled) {
    const count = state => modules.reduce((sum, module) => sum + [...module.children.allTests(state)].length, 0)
    const lines = modules.flatMap(module =>
      failuresOf(module).map(([name, errors]) => `${module.relativeModuleId}${name}: ${firstLine(errors[0].message)}`),
    )
    lines.push(...unhandled.map(error => `outside all tests: ${firstLine(error.message)}`))
    const counts = `${count('passed')} ${count('failed')} ${count('skipped')}`
    writeFileSync(process.env.TEST_RESULTS, `${[counts, ...lines].join('\n')}\n`)
  }
}
