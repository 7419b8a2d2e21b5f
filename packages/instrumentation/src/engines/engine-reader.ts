/**
 * What the engine of one store says of itself, asked before each collection and never on an operation's way. The registry holds
 * its readers: a reader that holds its store weakly (`WeakRef`) leaves one that is dropped free to be collected.
 */
export interface EngineReader {
  /** Asks the engine and records what it says. What it cannot say is left out: absent, never 0. */
  read(): void | Promise<void>
  /** The store is measured no more: what the reader holds open is closed. */
  close?(): void
}
