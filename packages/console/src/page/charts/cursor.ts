import { signal } from '@preact/signals'

/** The time under the pointer in any chart of the page; all charts show their values of it. */
export const cursorMs = signal<number | undefined>(undefined)
