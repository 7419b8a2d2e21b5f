import type { Component } from '../component.ts'
import type { Logger } from '../logger.ts'
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
    this.#timer = setInterval(() => this.save(), saveIntervalMs).unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.save()
  }

  /** Saves the events, unless nothing has happened since. A failure is counted and logged by the storage. */
  save(): void {
    const { events, storage } = this.#options
    const { lastId } = events
    if (lastId === this.#savedId) return
    if (storage.setMetadata(storageName, JSON.stringify(events.save()))) this.#savedId = lastId
  }
}
