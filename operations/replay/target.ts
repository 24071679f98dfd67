/** What a replay goes into: a lake with its topics, or a deployed one whose Kafka is out of reach. */
import type { Exchange } from '../../domain/exchanges.ts'
import type { Ports, TopicLog } from '../../domain/ports.ts'

export interface TargetLake {
  readonly exchanges: readonly Exchange[]
  readonly ports: Ports
  readonly topics: TopicLog | undefined
}
