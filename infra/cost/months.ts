/** The month that is calculated with, and its units. */
export const HOURS = 730
export const SECONDS = HOURS * 3_600
export const MINUTES = HOURS * 60
export const GB = 1e9
