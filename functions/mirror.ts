/** The last step of a function that commits to tables: Glue follows their pointers, even after one of them failed. */
import type { TableMirror } from '../adapters/glue-mirror.ts'
import { messageOf } from '../domain/errors.ts'
import type { TableDefinition } from '../domain/tables.ts'

/** `tables`: those that the function may commit to, or that it may for an event. */
export function thenMirror<Event, Context, Result>(
  mirror: TableMirror,
  tables: readonly TableDefinition[] | ((event: Event) => readonly TableDefinition[]),
  handler: (event: Event, context: Context) => Promise<Result>,
): (event: Event, context: Context) => Promise<Result> {
  return async (event, context) => {
    const [outcome] = await Promise.allSettled([handler(event, context)])
    const [mirrored] = await Promise.allSettled([mirror.follow(typeof tables === 'function' ? tables(event) : tables)])
    const failures = [outcome, mirrored].flatMap(settled => (settled.status === 'rejected' ? [settled.reason] : []))
    if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join(' '))
    if (outcome.status === 'rejected' || mirrored.status === 'rejected') throw failures[0]
    return outcome.value
  }
}
