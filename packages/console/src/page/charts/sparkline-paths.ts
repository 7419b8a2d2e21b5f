/** The box that a sparkline is drawn in. */
export const sparklineWidth = 100
export const sparklineHeight = 24

/** Returns the line, and the area below it, of values at equal distances as paths of SVG. `max` is at the top; a missing value is a gap. */
export function toPaths(column: readonly (number | null)[], max: number): { line: string; area: string } {
  let line = ''
  let area = ''
  let startX: number | undefined
  let lastX = 0
  const close = (): void => {
    if (startX !== undefined) area += `L${lastX} ${sparklineHeight}L${startX} ${sparklineHeight}Z`
    startX = undefined
  }
  for (const [index, value] of column.entries()) {
    if (value === null) {
      close()
      continue
    }
    const x = Math.round((index / Math.max(1, column.length - 1)) * sparklineWidth * 10) / 10
    const y = Math.round((sparklineHeight - 1 - (max > 0 ? value / max : 0) * (sparklineHeight - 2)) * 10) / 10
    const command = startX === undefined ? 'M' : 'L'
    line += `${command}${x} ${y}`
    area += `${command}${x} ${y}`
    startX ??= x
    lastX = x
  }
  close()
  return { line, area }
}
