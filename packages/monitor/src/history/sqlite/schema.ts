/** Says in a file's header that it is a history of ours: "WMBH". */
export const applicationId = 0x574d4248

/**
 * What makes each version of the file out of the one before it, beginning with an empty file. Only ever append: files of
 * every version before are out there.
 *
 * - `series`: who has which place in a tick, and the hour in which it was last written.
 * - `tick`: float64 values by series' id, NaN where there is none; in the byte order of the machine.
 * - `chunk`: many ticks folded into one (chunk.ts).
 * - `kept`: texts that outlive the process.
 *
 * No bytes may be NULL: Node 22 writes them so.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE series (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, labels TEXT NOT NULL, is_counter INTEGER NOT NULL, hour_ms INTEGER NOT NULL
  );
  CREATE TABLE tick (time_ms INTEGER PRIMARY KEY, samples BLOB);
  CREATE TABLE chunk (
    id INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    ticks INTEGER NOT NULL, series BLOB, body BLOB NOT NULL
  );
  CREATE INDEX chunk_by_time ON chunk (from_ms, to_ms);
  CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  `,
]

/** The version of files that are written now; a file says its own in `user_version`, which changes with its transaction. */
export const schemaVersion = migrations.length

/** The statements that bring a file of this version up to now; one transaction. */
export function migrationFrom(version: number): string {
  const steps = migrations.slice(version).join('')
  return `BEGIN; ${steps} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`
}
