/** One value of a series, from a scraped page or a backend. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Values by series. Bucket bounds are normalized as numbers: backends format them differently. */
export type SampleValues = ReadonlyMap<string, number>

/**
 * Indexes samples by their series, without the labels that a backend adds.
 *
 * @throws Error if two samples have the same series without these labels.
 */
export function indexSamples(samples: readonly Sample[], added: readonly string[] = []): SampleValues {
  const numbers = new Map<string, number>()
  for (const { name, labels, value } of samples) {
    const own = Object.entries(labels)
      .filter(([key]) => !added.includes(key))
      .map(([key, text]) => [key, key === 'le' ? String(Number(text.replace('Inf', 'Infinity'))) : text])
    const series = `${name} ${JSON.stringify(Object.fromEntries(own.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))))}`
    if (numbers.has(series)) throw new Error(`the series ${series} occurs twice`)
    numbers.set(series, value)
  }
  return numbers
}

/** Returns one line for each series that is missing, added or has a different value. */
export function differences(
  expected: SampleValues,
  got: SampleValues,
  isSame: (a: number, b: number) => boolean = Object.is,
): string[] {
  const missing = [...expected.keys()].filter((series) => !got.has(series)).map((series) => `missing: ${series}`)
  const added = [...got.keys()].filter((series) => !expected.has(series)).map((series) => `added: ${series}`)
  const changed = [...expected].flatMap(([series, value]) => {
    const other = got.get(series)
    return other === undefined || isSame(value, other) ? [] : [`${series}: ${other} instead of ${value}`]
  })
  return [...missing, ...added, ...changed]
}
