/** Marks a file as a history of this package, in SQLite's `application_id`: "WMBH". */
export const applicationId = 0x574d4248

/**
 * The statements that upgrade a file from each version to the next; the first one starts from an empty file. Only append: files of
 * every earlier version exist.
 *
 * Names of tables and columns are part of the file format and stay as they are. In the code they are called:
 *
 * - `tick`: samples of one point in time: float64 values by series id, NaN without a sample, in the byte order of the machine.
 * - `chunk`: a block: the samples of many points in time, compressed (block-codec.ts).
 * - `series`: the series of each id, and the hour in which it was last written.
 * - `kept`: metadata: texts that outlive the process.
 * - `run`: the time by which the samples of each process are dated, see runs.ts.
 *
 * Since version 3, each row has a checksum, and rows are linked, so that a missing one is noticed: `tick.previous_ms` is the recording time of
 * the samples before, `run.last_ms` that of the last samples of a process, and the ids of blocks have no gaps. The index over the blocks
 * is dropped: blocks are written in the order of their times, and a damaged index would hide rows.
 *
 * A BLOB that may be empty must allow NULL: Node 22 writes empty bytes as NULL.
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
  'CREATE TABLE run (from_ms INTEGER PRIMARY KEY, offset_ms INTEGER NOT NULL);',
  `
  DROP INDEX chunk_by_time;
  ALTER TABLE series ADD COLUMN crc INTEGER;
  ALTER TABLE tick ADD COLUMN previous_ms INTEGER;
  ALTER TABLE tick ADD COLUMN crc INTEGER;
  ALTER TABLE chunk ADD COLUMN crc INTEGER;
  ALTER TABLE kept ADD COLUMN crc INTEGER;
  ALTER TABLE run ADD COLUMN last_ms INTEGER;
  ALTER TABLE run ADD COLUMN crc INTEGER;
  `,
]

/**
 * The version of new files. A file stores its version in `user_version`, which changes in the transaction of its migration. Each version has
 * another schema: a file with a higher version and this schema is damaged, not newer.
 */
export const schemaVersion = migrations.length

/** Returns the statements that upgrade a file of this version to `schemaVersion`, as one transaction. */
export function createMigration(version: number): string {
  const steps = migrations.slice(version).join('')
  return `BEGIN; ${steps} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`
}
