/** Seats for work that only so many may do at once: who finds none stands in line. */

export interface Seats {
  /** Settles with a seat, in the order of asking. Who has got one gives it back. */
  take(): Promise<void>
  leave(): void
  /** How many stand in line. */
  standing(): number
}

export function createSeats(count: number): Seats {
  let free = count
  const line: (() => void)[] = []
  return {
    async take() {
      if (free > 0) free--
      else await new Promise<void>(resolve => line.push(resolve))
    },
    leave() {
      const next = line.shift()
      if (next) next()
      else free++
    },
    standing: () => line.length,
  }
}
