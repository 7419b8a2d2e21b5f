import type { Component } from '../component.ts'
import type { Logger } from '../logger.ts'
import { TimeSlices } from '../time/time-slices.ts'
import { errorMessage } from '../validation/error-message.ts'
import type { EventLog, SavedEvents } from './event-log.ts'

/** Keeps texts beyond the process. */
export interface TextStorage {
  /** Returns the text that was stored under this name. */
  metadata(name: string): string | undefined
  /** Stores a text under this name; returns false if that failed. */
  setMetadata(name: string, value: string): boolean
}

export interface EventStorageOptions {
  readonly events: EventLog
  readonly storage: TextStorage
  readonly logger: Logger
}

/** Name of the stored events. Change it if `SavedEvents` changes: events under an earlier name are ignored. */
const storageName = 'events'
const saveIntervalMs = 60_000

/** Restores the events of the process before, and saves the events once a minute and at the end. */
export class EventStorage implements Component {
  readonly #options: EventStorageOptions
  #savedId: string | undefined
  #saving: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(options: EventStorageOptions) {
    this.#options = options
    const { events, storage, logger } = options
    try {
      const text = storage.metadata(storageName)
      if (text !== undefined) events.restore(JSON.parse(text) as SavedEvents)
    } catch (error) {
      logger.error({ reason: errorMessage(error) }, 'the stored events could not be restored: the timeline begins now')
    }
  }

  /** The timer does not keep the process alive. */
  start(): void {
    this.#timer = setInterval(() => void this.save(), saveIntervalMs).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.save()
  }

  /** Saves the events, unless nothing has happened since. A failure to write is counted and logged by the storage. Never rejects. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save())
    return this.#saving
  }

  async #save(): Promise<void> {
    const { events, storage, logger } = this.#options
    const { lastId } = events
    if (lastId === this.#savedId) return
    try {
      if (storage.setMetadata(storageName, await stringify(events.save()))) this.#savedId = lastId
    } catch (error) {
      logger.error({ reason: errorMessage(error) }, 'the events could not be stored')
    }
  }
}

/** Returns the JSON of some thousand events, in slices. */
async function stringify({ atMs, events }: SavedEvents): Promise<string> {
  const slices = new TimeSlices({ pause: 'turn' })
  const texts: string[] = []
  for (const event of events) {
    texts.push(JSON.stringify(event))
    await slices.yieldIfDue()
  }
  return `{"atMs":${atMs},"events":[${texts.join(',')}]}`
}
