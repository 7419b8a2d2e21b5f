import { SqlTokens } from './sql-tokens.ts'
import { type SqlVerb, verbOf } from './sql-verb.ts'

/** A SQL statement without its values. */
export interface ParsedStatement {
  readonly verb: SqlVerb
  /**
   * The statement with `?` for each value, one `?` for a list of values, one row for rows of VALUES, without comments, with single
   * spaces and keywords in capital letters. Identifiers stay.
   */
  readonly text: string
  /** Whether it ends the whole transaction: COMMIT, END, and ROLLBACK without TO. */
  readonly endsTransaction: boolean
}

/** Longer SQL is not read: its text is its first word. SQLite itself needs about as long for it as reading it does. */
const maxLength = 1 << 20

const keywords: ReadonlySet<string> = new Set(
  `ADD ALL ALTER ANALYZE AND AS ASC ATTACH BEGIN BETWEEN BY CASE CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT CREATE CROSS DEFAULT
  DEFERRED DELETE DESC DETACH DISTINCT DO DROP ELSE END EXCEPT EXCLUSIVE EXISTS EXPLAIN FILTER FOREIGN FROM FULL GLOB GROUP HAVING IF
  IGNORE IMMEDIATE IN INDEX INDEXED INNER INSERT INTERSECT INTO IS ISNULL JOIN LEFT LIKE LIMIT MATCH NATURAL NOT NOTHING NOTNULL NULL
  OFFSET ON OR ORDER OUTER OVER PARTITION PLAN PRAGMA PRIMARY QUERY RECURSIVE REFERENCES REGEXP REINDEX RELEASE RENAME REPLACE RETURNING
  RIGHT ROLLBACK SAVEPOINT SELECT SET TABLE TEMP TEMPORARY THEN TO TRANSACTION TRIGGER UNION UNIQUE UPDATE USING VACUUM VALUES VIEW
  VIRTUAL WHEN WHERE WINDOW WITH WITHOUT`.split(/\s+/),
)

/** After these, text in double quotes may be a value: SQLite can be configured so. */
const beforeValue: ReadonlySet<string> = new Set([
  '=',
  '==',
  '!=',
  '<>',
  '<',
  '>',
  '<=',
  '>=',
  '||',
  '->',
  '->>',
  'LIKE',
  'GLOB',
  'REGEXP',
  'MATCH',
])

/** Returns the first statement of the SQL, the one that `prepare` compiles; `text` is empty if there is none. */
export function parseStatement(sql: string): ParsedStatement {
  if (sql.length > maxLength) return parseTooLong(sql)
  return new StatementParser(new SqlTokens(sql)).parse()
}

/** Returns all statements of the SQL. Longer SQL than 1 MiB is one statement, of the verb `other`. */
export function parseScript(sql: string): readonly ParsedStatement[] {
  if (sql.length > maxLength) return [{ ...parseTooLong(sql), verb: 'other' }]
  const tokens = new SqlTokens(sql)
  const statements: ParsedStatement[] = []
  for (;;) {
    const statement = new StatementParser(tokens).parse()
    if (statement.text !== '') statements.push(statement)
    else if (tokens.kind === 'end') return statements
  }
}

function parseTooLong(sql: string): ParsedStatement {
  const tokens = new SqlTokens(sql.slice(0, 1000))
  const verb = tokens.next() && tokens.kind === 'word' ? verbOf(tokens.text.toUpperCase()) : 'other'
  return { verb, text: `${verb === 'other' ? '' : verb.toUpperCase()}\u2026`, endsTransaction: false }
}

/** Reads one statement, up to its semicolon. */
class StatementParser {
  readonly #tokens: SqlTokens
  readonly #out: string[] = []
  /** For each open parenthesis, its position in the output, and whether it holds values. */
  readonly #open: Array<{ readonly at: number; readonly hasValues: boolean }> = []
  #verb: SqlVerb | undefined
  #isWith = false
  /** How many parentheses were open at VALUES; -1 outside of its rows. */
  #valuesDepth = -1
  #rows = 0

  constructor(tokens: SqlTokens) {
    this.#tokens = tokens
  }

  parse(): ParsedStatement {
    const tokens = this.#tokens
    let isTrigger = false
    while (tokens.next() && tokens.text !== ';') {
      this.#add()
      isTrigger ||= this.#verb === 'create' && this.#last === 'TRIGGER'
      if (isTrigger && this.#last === 'BEGIN') {
        this.#skipTriggerBody()
        break
      }
    }
    return this.#finish()
  }

  get #last(): string | undefined {
    return this.#out.at(-1)
  }

  #add(): void {
    const { kind, text } = this.#tokens
    const isInLaterRow = this.#valuesDepth >= 0 && this.#rows > 0
    if (isInLaterRow && !this.#continuesRows(text)) this.#valuesDepth = -1
    if (kind === 'symbol') this.#addSymbol(text)
    else if (kind === 'word') this.#addWord(text)
    else if (kind === 'literal' || this.#isQuotedValue()) this.#addValue()
    else this.#out.push(text)
  }

  /** Rows of VALUES after the first one: read and left out. */
  #continuesRows(text: string): boolean {
    return this.#open.length > this.#valuesDepth || text === ',' || text === '('
  }

  #addSymbol(text: string): void {
    if (text === '(') {
      const hasValues = this.#last === 'IN' || this.#open.length === this.#valuesDepth || this.#open.at(-1)?.hasValues === true
      this.#open.push({ at: this.#out.length, hasValues })
    }
    this.#out.push(text)
    if (text === ')') this.#closeParenthesis()
  }

  #closeParenthesis(): void {
    const at = this.#open.pop()?.at
    if (at === undefined) return
    const isList = this.#out.length > at + 2 && this.#out.slice(at + 1, -1).every((token) => token === '?' || token === ',')
    if (isList) this.#out.splice(at + 1, Number.POSITIVE_INFINITY, '?', ')')
    if (this.#open.length !== this.#valuesDepth) return
    this.#rows++
    // The comma before it goes too.
    if (this.#rows > 1) this.#out.length = at - 1
  }

  #addWord(word: string): void {
    const upper = word.toUpperCase()
    if (this.#last === '.' || this.#tokens.isBeforeDot()) {
      this.#out.push(word)
      return
    }
    this.#findVerb(upper)
    const isValue = upper === 'TRUE' || upper === 'FALSE' || upper === 'NULL'
    if (isValue && /^(?:[(,=]|\?)?$/.test(this.#last ?? '')) this.#addValue()
    else if (keywords.has(upper)) this.#out.push(upper)
    else this.#out.push(word)
    if (upper === 'VALUES' && this.#last === upper) {
      this.#valuesDepth = this.#open.length
      this.#rows = 0
    }
  }

  #findVerb(upper: string): void {
    if (this.#verb !== undefined || this.#open.length > 0) return
    if (this.#isWith) {
      if (/^(?:SELECT|VALUES|INSERT|REPLACE|UPDATE|DELETE)$/.test(upper)) this.#verb = verbOf(upper)
    } else if (upper === 'WITH' && this.#out.length === 0) this.#isWith = true
    else this.#verb = verbOf(upper)
  }

  /** A sign before a number is a part of the value, unless it is between two values. */
  #addValue(): void {
    const before = this.#out.at(-2) ?? '('
    const isSign = this.#last === '-' || this.#last === '+'
    if (isSign && (keywords.has(before) || /^(?:[(,]|[-+*/%=<>&|~!]+)$/.test(before))) this.#out.pop()
    this.#out.push('?')
  }

  /** Whether an identifier in double quotes may be a value: where a value is expected, and not a part of a longer name. */
  #isQuotedValue(): boolean {
    if (!this.#tokens.text.startsWith('"') || this.#last === '.' || this.#tokens.isBeforeDot()) return false
    return this.#open.at(-1)?.hasValues === true || beforeValue.has(this.#last ?? '')
  }

  /** The body of a trigger contains semicolons; it ends with END between two of them, as `sqlite3_complete` has it. */
  #skipTriggerBody(): void {
    const tokens = this.#tokens
    let before = ''
    let last = ''
    while (tokens.next()) {
      if (tokens.text === ';' && last === 'END' && before === ';') return
      before = last
      last = tokens.kind === 'word' ? tokens.text.toUpperCase() : tokens.text
    }
  }

  #finish(): ParsedStatement {
    const verb = this.#verb ?? 'other'
    const out = this.#out
    if (verb === 'pragma') this.#cutPragma()
    const isPartial = out.includes('TO')
    // The names of savepoints are often numbered.
    if (verb === 'savepoint') out.splice(1, Number.POSITIVE_INFINITY, '?')
    if (verb === 'release') out.splice(1, Number.POSITIVE_INFINITY, '?')
    if (verb === 'rollback') out.splice(1, Number.POSITIVE_INFINITY, ...(isPartial ? ['TO', '?'] : []))
    const endsTransaction = verb === 'commit' || (verb === 'rollback' && !isPartial)
    return { verb, text: join(out), endsTransaction }
  }

  /** What follows the name of a PRAGMA may be a secret without quotes. */
  #cutPragma(): void {
    const out = this.#out
    const end = out.findIndex((token) => token === '=' || token === '(' || token === '?')
    if (end < 0) return
    out.splice(end, Number.POSITIVE_INFINITY, ...(out[end] === '(' ? ['(', '?', ')'] : ['=', '?']))
  }
}

/** Joins tokens with single spaces, except around dots, commas and parentheses. */
function join(tokens: readonly string[]): string {
  let text = ''
  let last = ''
  for (const token of tokens) {
    const isTight =
      last === '' ||
      last === '.' ||
      last === '(' ||
      /^[.,)]$/.test(token) ||
      (token === '(' && !keywords.has(last) && /^[\w"`\]$\u0080-\uFFFF]/.test(last))
    text += isTight ? token : ` ${token}`
    last = token
  }
  return text
}
