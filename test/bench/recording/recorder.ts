/** One operation of one store as somebody would count and time it who writes every call himself. */
export interface Recorder {
  succeed(seconds: number): void
  fail(seconds: number): void
}
