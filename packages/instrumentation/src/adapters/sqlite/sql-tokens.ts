/**
 * What a token of SQL is. `literal` is every form of a value: text, blob, number, parameter, and text that is not valid SQL.
 * `quoted` is an identifier in quotes or brackets.
 */
export type SqlTokenKind = 'word' | 'quoted' | 'literal' | 'symbol' | 'end'

const space = /[\t\n\v\f\r \uFEFF]*/y
const word = /[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*/y
const number = /0[xX][\w$\u0080-\uFFFF]*|(?:\d[\d_]*\.?|\.\d)[\d_]*(?:[eE][+-]?\d[\d_]*)?[\w$\u0080-\uFFFF]*/y
/** Named parameters may have a suffix as in Tcl: `$a::b(c)`. */
const parameter = /\?\d*|[:@#$](?:[\w$\u0080-\uFFFF]|::)+(?:\([^)\s]*\)?)?/y
const symbol = /->>|->|\|\||<=|>=|<>|<<|>>|!=|==|[-+*/%=<>&|~(),.;]/y
const endOfLine = /[^\n]*/y

/**
 * Splits SQL into tokens as SQLite does, without comments and white space. A string, a comment or an identifier that is not
 * terminated reaches to the end. SQLite stops at a NUL character, and so does this.
 */
export class SqlTokens {
  kind: SqlTokenKind = 'end'
  /** The token as it is written; empty for a literal: values go nowhere. */
  text = ''
  readonly #sql: string
  #at = 0

  constructor(sql: string) {
    this.#sql = sql
  }

  /** Moves to the next token. Returns false at the end. */
  next(): boolean {
    this.#skipSpace()
    const code = this.#sql.charCodeAt(this.#at)
    if (!(code > 0)) return this.#set('end', this.#at)
    const start = this.#at
    if (code === 0x27) return this.#set('literal', this.#quoteEnd("'"))
    if (code === 0x22 || code === 0x60) return this.#setQuoted(this.#quoteEnd(code === 0x22 ? '"' : '`'))
    if (code === 0x5b) return this.#setQuoted(this.#sql.indexOf(']', start) + 1 || Number.NaN)
    const isBlob = (code | 0x20) === 0x78 && this.#sql.charCodeAt(start + 1) === 0x27
    if (isBlob) return this.#set('literal', this.#endOf("'", start + 2))
    const end = this.#match(word)
    if (end > start) return this.#set('word', end)
    const literalEnd = Math.max(this.#match(number), this.#match(parameter))
    if (literalEnd > start) return this.#set('literal', literalEnd)
    const symbolEnd = this.#match(symbol)
    return symbolEnd > start ? this.#set('symbol', symbolEnd) : this.#set('literal', start + 1)
  }

  /** Returns whether a dot follows that joins names, not one that begins a number. */
  isBeforeDot(): boolean {
    this.#skipSpace()
    return this.#sql.charAt(this.#at) === '.' && !/\d/.test(this.#sql.charAt(this.#at + 1))
  }

  #set(kind: SqlTokenKind, end: number): boolean {
    this.kind = kind
    this.text = kind === 'literal' || kind === 'end' ? '' : this.#sql.slice(this.#at, end)
    this.#at = end
    return kind !== 'end'
  }

  /** An identifier without its closing quote is not valid SQL. */
  #setQuoted(end: number): boolean {
    return Number.isNaN(end) ? this.#set('literal', this.#sql.length) : this.#set('quoted', end)
  }

  /** Returns the end of quoted text, in which the quote is doubled; NaN for an identifier that is not terminated. */
  #quoteEnd(quote: string): number {
    for (let at = this.#at + 1; ; at += 2) {
      at = this.#sql.indexOf(quote, at)
      if (at < 0) return quote === "'" ? this.#sql.length : Number.NaN
      if (this.#sql.charAt(at + 1) !== quote) return at + 1
    }
  }

  #skipSpace(): void {
    for (;;) {
      this.#at = this.#match(space)
      if (this.#sql.startsWith('--', this.#at)) this.#at = this.#match(endOfLine)
      else if (this.#sql.startsWith('/*', this.#at)) this.#at = this.#endOf('*/', this.#at + 2)
      else return
    }
  }

  /** Returns the position after the next occurrence of `text`; the end of the SQL if there is none. */
  #endOf(text: string, from: number): number {
    const found = this.#sql.indexOf(text, from)
    return found < 0 ? this.#sql.length : found + text.length
  }

  #match(pattern: RegExp): number {
    pattern.lastIndex = this.#at
    return pattern.test(this.#sql) ? pattern.lastIndex : this.#at
  }
}
