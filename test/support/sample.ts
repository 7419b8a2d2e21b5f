/** One number under a name and labels, as a page shows it or a backend has stored it. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Numbers by name and labels. Bounds of buckets are compared as numbers: each route writes them in its own way. */
export type SampleValues = ReadonlyMap<string, number>

/**
 * Samples without the labels that a route adds.
 *
 * @throws Error when two of them are one then: something else was all that told them apart.
 */
export function indexSamples(samples: readonly Sample[], added: readonly string[] = []): SampleValues {
  const numbers = new Map<string, number>()
  for (const { name, labels, value } of samples) {
    const own = Object.entries(labels)
      .filter(([key]) => !added.includes(key))
      .map(([key, text]) => [key, key === 'le' ? String(Number(text.replace('Inf', 'Infinity'))) : text])
    const series = `${name} ${JSON.stringify(Object.fromEntries(own.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))))}`
    if (numbers.has(series)) throw new Error(`${series} is there twice`)
    numbers.set(series, value)
  }
  return numbers
}

/** What is in one and not in the other, or not the same in both, a line each. */
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
