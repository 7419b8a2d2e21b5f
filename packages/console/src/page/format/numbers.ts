const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const significant = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })

/** Formats a number as people write it: whole numbers with separators, others with three significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return formatNonFinite(value)
  const size = Math.abs(value)
  if (size >= 1e9) return `${significant.format(value / 1e9)} G`
  if (size >= 1e6) return `${significant.format(value / 1e6)} M`
  // A number below a billionth is the rest of a calculation.
  if (size < 1e-9) return '0'
  return size >= 100 || Number.isInteger(value) ? grouped.format(value) : significant.format(value)
}

/** Formats a whole number with all its digits: `1,240,377`. */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? grouped.format(value) : formatNonFinite(value)
}

/** Formats a rate: `1,240 /s`, and per minute or hour if it is rarer than that: `3 /min`. */
export function formatRate(perSecond: number): string {
  const size = Math.abs(perSecond)
  if (size === 0 || size >= 0.1 || !Number.isFinite(perSecond)) return `${formatNumber(perSecond)} /s`
  return size * 60 >= 0.1 ? `${formatNumber(perSecond * 60)} /min` : `${formatNumber(perSecond * 3600)} /h`
}

/** Formats a share of 0 to 1 as percent: `12.5 %`. A share that is not 0 never looks like 0, and none below 1 looks like all. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return formatNonFinite(share)
  const percent = share * 100
  if (percent !== 0 && Math.abs(percent) < 0.01) return '< 0.01 %'
  if (percent > 99 && percent < 100)
    return `${(Math.floor(percent * 1000) / 1000).toLocaleString('en-US', { maximumFractionDigits: 3 })} %`
  return `${significant.format(percent)} %`
}

/** Formats what is not a finite number. */
export function formatNonFinite(value: number): string {
  if (Number.isNaN(value)) return 'not a number'
  return value > 0 ? '∞' : '−∞'
}
