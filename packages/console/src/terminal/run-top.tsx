import { render, renderToString } from 'ink'
import { App } from './app.tsx'
import type { Poller } from './poller.ts'
import { Report } from './report.tsx'
import type { Snapshot } from './snapshot.ts'
import { initialState } from './view-state.ts'

/** How the table is ordered, and which rows it has. */
export interface TableChoice {
  readonly sort: string
  readonly filter: string
}

interface Terminal {
  readonly stdout: NodeJS.WriteStream
  readonly stdin: NodeJS.ReadStream
}

/** Shows the live view until the user quits or the signal is aborted. */
export async function runTop(
  poller: Poller,
  { sort, filter }: TableChoice,
  { stdout, stdin }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  // The alternate screen keeps what was in the terminal. Only lines that have changed are written, in one piece, so that nothing flickers.
  const ink = render(<App poller={poller} initial={initialState(sort, filter)} />, {
    stdout,
    stdin,
    alternateScreen: true,
    incrementalRendering: true,
    // Also in a terminal of a CI system, which Ink takes for none.
    interactive: true,
  })
  const stop = (): void => ink.unmount()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  void poller.start()
  try {
    await ink.waitUntilExit()
  } finally {
    signal.removeEventListener('abort', stop)
    poller.close()
  }
}

/** Returns a snapshot as text with all rows and notices, and an empty line at the end. No line is longer than `columns`. */
export function formatReport(snapshot: Snapshot, choice: TableChoice, columns: number): string {
  const text = renderToString(<Report snapshot={snapshot} {...choice} columns={columns} />, { columns })
  return `${text.replace(/[ \t]+$/gm, '')}\n`
}
