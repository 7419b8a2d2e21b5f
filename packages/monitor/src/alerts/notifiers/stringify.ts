import { type PausableWork, TimeSlices } from '../../time/time-slices.ts'

/** A part of a notification that is created when its JSON is written: there may be thousands of them. */
export interface Deferred {
  toJSON(): unknown
}

/** Returns a part of a notification that is created when its JSON is written. */
export function defer(create: () => unknown): Deferred {
  return { toJSON: create }
}

/** Returns an object or a list as JSON. Pauses between the items of lists: a notification may have thousands of alerts. */
export async function stringifyInSlices(value: unknown): Promise<string> {
  const slices = new TimeSlices()
  try {
    return await slices.run(stringify(value))
  } finally {
    slices.end()
  }
}

function* stringify(value: unknown): PausableWork<string> {
  if (Array.isArray(value)) return yield* stringifyList(value)
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value)
  const entries: string[] = []
  for (const [name, field] of Object.entries(value)) {
    const text: string | undefined = Array.isArray(field) ? yield* stringifyList(field) : JSON.stringify(field)
    if (text !== undefined) entries.push(`${JSON.stringify(name)}:${text}`)
  }
  return `{${entries.join(',')}}`
}

function* stringifyList(items: readonly unknown[]): PausableWork<string> {
  const texts: string[] = []
  for (const item of items) {
    texts.push(JSON.stringify(item) ?? 'null')
    yield
  }
  return `[${texts.join(',')}]`
}
