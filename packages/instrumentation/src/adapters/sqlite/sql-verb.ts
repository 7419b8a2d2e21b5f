import type { Operation } from '../../metrics/semconv.ts'

/** The values of the label `verb`. A statement that starts with WITH has the verb of its main part; VALUES is a select. */
export const sqlVerbs = [
  'select',
  'insert',
  'update',
  'delete',
  'replace',
  'begin',
  'commit',
  'rollback',
  'savepoint',
  'release',
  'create',
  'drop',
  'alter',
  'pragma',
  'vacuum',
  'analyze',
  'reindex',
  'attach',
  'detach',
  'explain',
  'other',
] as const

/** What a SQL statement does. `other`: several statements at once, or what SQLite does not have today. */
export type SqlVerb = (typeof sqlVerbs)[number]

const verbs: ReadonlyMap<string, SqlVerb> = new Map<string, SqlVerb>([
  ...sqlVerbs.map((verb) => [verb.toUpperCase(), verb] as const),
  ['VALUES', 'select'],
  ['END', 'commit'],
])

/** Returns the verb for the first word of a statement, in capital letters. */
export function verbOf(firstWord: string): SqlVerb {
  return verbs.get(firstWord) ?? 'other'
}

/** Returns the operation of a statement; undefined if it is none: a definition, a PRAGMA, the start or the end of a transaction. */
export function operationOf(verb: SqlVerb, readsOneRow: boolean): Operation | undefined {
  if (verb === 'select') return readsOneRow ? 'get' : 'scan'
  if (verb === 'delete') return 'delete'
  return verb === 'insert' || verb === 'replace' || verb === 'update' ? 'set' : undefined
}
