/** A repair can rely on every deployed function to make room. */
import { describe, expect, test } from 'vitest'
import { allowsItem, statementsOf } from './policies.ts'
import { DEPLOYMENTS, templateOf } from './support.ts'

describe.each(Object.entries(DEPLOYMENTS))('deployed with %s', (_, values) => {
  const template = templateOf(values)

  test('a repair waits for the end of every stage but maintenance, and each may ask whether it is paused', () => {
    const functions = Object.entries(template.findResources('AWS::Lambda::Function')).filter(
      ([, { Properties }]) => Properties.FunctionName,
    )
    for (const [id, { Properties }] of functions) {
      expect(Properties.Environment.Variables.TRADELAKE_BUILD, id).toBe('0.0.0+0123456789ab')
      if (/-topics$/.test(Properties.FunctionName)) continue
      if (!/-maintain$/.test(Properties.FunctionName))
        expect(Properties.Timeout * 1000, id).toBeLessThanOrEqual(120_000)
      const mayAsk = (action: string, partition: string) =>
        allowsItem(statementsOf(template, Properties.FunctionName), action, 'LakeState', partition)
      expect(mayAsk('dynamodb:GetItem', 'lease#lake'), id).toBe(true)
      // A stage cannot end the pause of a repair.
      for (const action of ['PutItem', 'DeleteItem']) expect(mayAsk(`dynamodb:${action}`, 'lease#lake'), id).toBe(false)
      expect(mayAsk('dynamodb:ConditionCheckItem', 'lease#lake'), id).toBe(/-maintain$/.test(Properties.FunctionName))
    }
  })
})
