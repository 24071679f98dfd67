import { Validations } from 'aws-cdk-lib'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { AwsSolutionsChecks } from 'cdk-nag'
import { expect, test } from 'vitest'
import { KAFKA_MODES, stacksOf, type Values } from './support.ts'

function checkedStack(values: Values) {
  const { app, stack } = stacksOf(values)
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return { app, stack }
}

test.each(Object.entries(KAFKA_MODES))(
  'cdk-nag (AwsSolutions) finds nothing that is not explained: %s',
  (_, values) => {
    for (const stage of ['dev', 'prod']) {
      const { app } = checkedStack({
        ...values,
        stage,
        pollers: '1-4',
        bronzeConcurrency: 5,
        pageEmail: 'a@example.com',
        tracing: 'on',
        feeds: 'on',
        cmk: stage === 'prod',
        budget: 500,
      })
      expect(() => app.synth()).not.toThrow()
    }
  },
)

test('it does find what is wrong', () => {
  const { app, stack } = checkedStack(KAFKA_MODES['self-managed'])
  new Bucket(stack, 'Open')
  expect(() => app.synth()).toThrow(/AwsSolutions-S10/)
})
