/** TradingView's names of windows: minutes without a letter, `1D`, `1W`, `1M`. Source: TradingView "Resolution". */
import { parseWindows, type Windows } from '../../domain/windows.ts'

/** What charts offer; any other number of minutes or days is answered too. */
export const RESOLUTIONS = ['1', '3', '5', '15', '30', '60', '120', '240', '360', '480', '720', '1D', '3D', '1W', '1M']

/** undefined where there is none of that name. */
export function windowsOf(resolution: string): Windows | undefined {
  const [, number, unit] = /^(\d*)([DWM]?)$/.exec(resolution) ?? []
  if (number === undefined || resolution === '') return undefined
  return parseWindows(`${number || '1'}${{ '': 'm', D: 'd', W: 'w', M: 'M' }[unit]}`)
}
