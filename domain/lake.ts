/** A lake as its readers see it, in a folder or deployed. */
import type { Exchange } from './exchanges.ts'
import type { Ports, TopicLog } from './ports.ts'

/** What is needed to look at a lake, wherever it is. */
export interface ReadableLake {
  readonly exchanges: readonly Exchange[]
  readonly ports: Ports
  /** Where each topic ends; undefined where Kafka is out of reach. */
  readonly topics: Pick<TopicLog, 'ends'> | undefined
  close(): void
}
