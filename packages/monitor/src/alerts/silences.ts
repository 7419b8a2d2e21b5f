import type { Labels } from '@wombat/instrumentation'
import { describeContent, describeFirst, describeKind } from '../validation/format-issue.ts'
import { findInvalidFields, number, optional, recordOf, schemaOf, text } from '../validation/schema.ts'
import { nameSchema } from './conditions.ts'

/** Withholds the notifications of some alerts for some time. */
export interface Silence {
  readonly id: string
  /** Labels that an alert must have, all of them, such as `alertname` and `store`. */
  readonly matchers: Labels
  /** Unix time in milliseconds. */
  readonly startMs: number
  /** Unix time in milliseconds. */
  readonly endMs: number
  readonly comment?: string
}

/** What a new silence is made of. */
export interface SilenceOptions {
  readonly matchers: Labels
  readonly durationSeconds: number
  readonly comment?: string | undefined
}

/** A silence that is not valid. The message has every problem. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError'
}

const maxSilences = 100
const maxDurationSeconds = 30 * 86_400
const maxCharacters = 500
const maxMatchers = 20

const label = schemaOf(
  'string',
  'a text',
  (value): value is string => typeof value === 'string' && value !== '' && value.length <= maxCharacters,
)

const anyMatchers = recordOf(nameSchema('a label name'), label, '')

const shape = {
  matchers: {
    type: 'Labels',
    description: `an object of 1 to ${maxMatchers} labels that an alert must have, such as { "alertname": "SlowGets" }, each with a text of 1 to ${maxCharacters} characters`,
    parse(value: unknown) {
      const parsed = anyMatchers.parse(value)
      const count = parsed === undefined ? 0 : Object.keys(parsed.value).length
      const isSafe = parsed !== undefined && !Object.hasOwn(parsed.value, '__proto__')
      return isSafe && count >= 1 && count <= maxMatchers ? { value: parsed.value as Labels } : undefined
    },
  },
  durationSeconds: number(1, maxDurationSeconds, `a number of seconds from 1 to ${maxDurationSeconds} (30 days)`),
  comment: optional(text(`a text of at most ${maxCharacters} characters`, 0, new RegExp(`^[^]{0,${maxCharacters}}$`))),
}

/** The silences that have not ended. It has no clock: the caller passes the time. */
export class Silences {
  #silences: readonly Silence[] = []

  /** Returns the silences that last, the one that ends first at the beginning. */
  list(nowMs: number): Silence[] {
    return this.#silences.filter(({ endMs }) => endMs > nowMs).sort((one, other) => one.endMs - other.endMs)
  }

  /** Adds a silence that begins now. @throws SilenceError if it is not valid, or there are too many. */
  add(options: SilenceOptions, nowMs: number): Silence {
    const { invalid, unknown } = findInvalidFields(shape, options)
    const problems = [
      ...invalid.map((name) => describeProblem(name as keyof typeof shape, Reflect.get(options, name))),
      ...describeFirst(unknown, (name) => `${JSON.stringify(name)} is not a field: they are ${Object.keys(shape).join(', ')}`),
    ]
    if (problems.length > 0) throw new SilenceError(problems.join('; '))
    if (this.list(nowMs).length >= maxSilences) {
      throw new SilenceError(`there are ${maxSilences} silences already, which is the limit: delete one`)
    }
    const { matchers, durationSeconds, comment } = options
    const silence: Silence = {
      // Not imported: loading the module takes longer than the rest of this one.
      id: crypto.randomUUID(),
      matchers: { ...matchers },
      startMs: nowMs,
      endMs: nowMs + Math.round(durationSeconds * 1000),
      ...(comment !== undefined && comment !== '' && { comment }),
    }
    this.#silences = [...this.#silences, silence]
    return silence
  }

  /** Removes a silence. Returns it; undefined if there is none with this id. */
  delete(id: string): Silence | undefined {
    const deleted = this.#silences.find((silence) => silence.id === id)
    this.#silences = this.#silences.filter((silence) => silence !== deleted)
    return deleted
  }

  /** Removes the silences that have ended, and returns them. */
  expire(nowMs: number): Silence[] {
    const expired = this.#silences.filter(({ endMs }) => endMs <= nowMs)
    if (expired.length > 0) this.#silences = this.#silences.filter(({ endMs }) => endMs > nowMs)
    return expired
  }

  /** Returns until when an alert is silenced, in Unix time in milliseconds; undefined if it is not. */
  silencedUntilMs(labels: Labels, nowMs: number): number | undefined {
    let untilMs: number | undefined
    for (const silence of this.#silences) {
      if (silence.endMs > nowMs && isMatched(silence, labels)) untilMs = Math.max(untilMs ?? 0, silence.endMs)
    }
    return untilMs
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    this.#silences = this.#silences.map((silence) => {
      return { ...silence, startMs: silence.startMs + deltaMs, endMs: silence.endMs + deltaMs }
    })
  }

  /** Returns all silences as plain data. */
  save(): readonly Silence[] {
    return this.#silences
  }

  /** Adds the silences of an earlier process that still last. */
  restore(saved: readonly Silence[], nowMs: number): void {
    const known = new Set(this.#silences.map(({ id }) => id))
    this.#silences = [...this.#silences, ...saved.filter(({ id, endMs }) => endMs > nowMs && !known.has(id))].slice(
      0,
      maxSilences,
    )
  }
}

/** Returns whether an alert has all labels of a silence. */
export function isMatched({ matchers }: Silence, labels: Labels): boolean {
  return Object.entries(matchers).every(([name, value]) => labels[name] === value)
}

function describeProblem(name: keyof typeof shape, got: unknown): string {
  // A comment may be long.
  const shown = got === undefined ? 'nothing' : name === 'comment' ? describeKind(got) : describeContent(got)
  return `${name} must be ${shape[name].description}, got ${shown}`
}
