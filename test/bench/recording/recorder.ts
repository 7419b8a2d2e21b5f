/** Counts and times one operation of one store, as hand-written code does. */
export interface Recorder {
  succeed(seconds: number): void
  fail(seconds: number): void
}
