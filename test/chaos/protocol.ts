import type { Addresses } from '@wombat/monitor'

/** What the service is started with. */
export interface ServiceOptions {
  readonly folder: string
  readonly webhookUrl: string
  readonly alertmanagerUrl: string
  readonly otlpUrl: string
  /** How far the system clock is set wrong from the start. */
  readonly clockOffsetMs: number
  /** Whether the default ports are used, which may be taken, instead of any free ones. */
  readonly usesDefaultPorts: boolean
  /** LMDB does not survive a commit that fails: it ends the process. */
  readonly hasLmdb: boolean
  readonly secrets: Secrets
}

/** Texts that must not be seen anywhere. */
export interface Secrets {
  /** The token of the endpoints. */
  readonly token: string
  /** A part of every key and of every value. */
  readonly key: string
  readonly value: string
  /** A header of the export, and a variable of the environment. */
  readonly header: string
  readonly variable: string
}

/** A command to the service. */
export type Command =
  | { readonly kind: 'clock'; readonly offsetMs: number }
  /** Sets the level of an episode, which raises an alert above 5; undefined ends it. */
  | { readonly kind: 'level'; readonly episode: string; readonly level: number | undefined }
  | { readonly kind: 'report'; readonly id: number }

/** What the service tells. */
export type Message =
  | { readonly kind: 'ready'; readonly addresses: Addresses }
  | { readonly kind: 'fault'; readonly text: string }
  | { readonly kind: 'report'; readonly id: number; readonly report: Report }

/** The state of the service at one moment. */
export interface Report {
  /** Operations whose counter is not what the load has counted itself, as sentences. */
  readonly miscounted: readonly string[]
  readonly operations: number
  readonly failedOperations: number
  /** Episodes whose alert fires. */
  readonly firing: readonly string[]
  /** How many notifications are owed. */
  readonly owed: number
  readonly residentBytes: number
  readonly openFiles: number
  /** The longest delay of the event loop since the last report. */
  readonly longestBlockMs: number
  /** Counters of the monitor, by name and labels. */
  readonly counters: Readonly<Record<string, number>>
}
