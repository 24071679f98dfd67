/** The month that is calculated with, its units, and a line of its bill. */
export const HOURS = 730
export const SECONDS = HOURS * 3_600
export const MINUTES = HOURS * 60
export const GB = 1e9

export interface CostLine {
  readonly component: string
  /** US dollars a month. */
  readonly dollars: number
}
