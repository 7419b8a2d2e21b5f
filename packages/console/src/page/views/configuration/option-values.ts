import type { ConfigAnswer } from '../../api/types.ts'
import { formatBytes } from '../../format/bytes.ts'
import { formatDuration } from '../../format/durations.ts'

export type ConfigOption = ConfigAnswer['options'][number]

/** A value as code, and for people if that says more: `86400000` is `1 d`. */
export interface OptionText {
  readonly code: string
  readonly meaning?: string
}

/** Returns the value of an option as text; undefined if it has none. */
export function describeValue(option: string, value: ConfigOption['value']): OptionText | undefined {
  if (value === undefined || value === null) return undefined
  const code = typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (typeof value !== 'number') return { code }
  if (option.endsWith('Ms') && value >= 1000) return { code, meaning: formatDuration(value / 1000) }
  return option.endsWith('Bytes') ? { code, meaning: formatBytes(value) } : { code }
}

/** Returns the options that have all words of a text: those that someone has set first, else in their own order. */
export function arrangeOptions(
  options: readonly ConfigOption[],
  { search, isOnlySet }: { readonly search: string; readonly isOnlySet: boolean },
): readonly ConfigOption[] {
  const words = search.toLowerCase().split(/\s+/)
  const found = options.filter((option) => {
    const { option: name, description, allowed, variable = '', source } = option
    const all = [name, description, allowed, variable, source, describeValue(name, option.value)?.code ?? '']
      .join(' ')
      .toLowerCase()
    return words.every((word) => all.includes(word)) && (!isOnlySet || isSet(option))
  })
  return [...found.filter(isSet), ...found.filter((option) => !isSet(option))]
}

/** Whether someone has set it. */
export function isSet({ source }: ConfigOption): boolean {
  return source !== 'default'
}

/**
 * Returns what a reader has typed as a value for a setting. A share may be a fraction, `1/16`. What is not a number stays a text, so that
 * the server says what is wrong.
 */
export function parseSetting(text: string, current: string | number | boolean): string | number | boolean {
  const trimmed = text.trim()
  if (typeof current !== 'number' || trimmed === '') return trimmed
  const [, dividend, divisor] = /^(\d+)\s*\/\s*(\d+)$/.exec(trimmed) ?? []
  const value = dividend === undefined ? Number(trimmed) : Number(dividend) / Number(divisor)
  return Number.isFinite(value) ? value : trimmed
}
