import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@wombat/test-support/free-port'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { inTerminal, isTmuxInstalled, openStores, type StoresInUse, startStores, Terminal, waitFor } from './console-process.ts'

/** Waits until the screen matches. */
async function waitForScreen(terminal: Terminal, pattern: RegExp): Promise<string> {
  await waitFor(() => expect(terminal.screen()).toMatch(pattern))
  return terminal.screen()
}

/** Checks that the screen is filled from the first to the last line, and that no line has wrapped. */
function expectWhole(terminal: Terminal, [columns, rows]: readonly [number, number]): void {
  const lines = terminal.lines()
  expect(lines).toHaveLength(rows)
  expect(terminal.joinedLines().map((line) => line.trimEnd())).toEqual(lines)
  expect(lines.filter((line) => [...line].length > columns)).toEqual([])
  expect(lines[0]).toMatch(/^shop/)
  expect(lines.at(-1)).toMatch(/q quit/)
}

/** Counts the codes that change the color of the text or of its background. */
function colors(terminal: Terminal): number {
  return terminal
    .raw()
    .split('\u001b[')
    .filter((text) => /^(3|4|9|10)[0-7]m/.test(text)).length
}

describe.skipIf(!isTmuxInstalled)(inTerminal('top in a terminal'), () => {
  let stores: StoresInUse

  beforeAll(async () => {
    stores = await openStores()
  })
  afterAll(() => stores.close())

  test.each([
    [80, 24],
    [200, 50],
    [40, 10],
  ] as const)('%i×%i: the screen is filled, never scrolls and never wraps', async (...size) => {
    const terminal = await Terminal.start(size, ['top', '--interval', '1', '--connect', stores.url])
    await waitForScreen(terminal, /▸ (orders|sessions)/)
    for (const key of ['o', 'h', 'a', '?', 'Enter', 'Escape']) {
      terminal.press(key)
      await sleep(200)
      expectWhole(terminal, size)
    }
  })

  test('the room is used: more columns in a wide terminal, operations and engine in a tall one', async () => {
    const terminal = await Terminal.start([80, 24], ['top', '--sort', 'store', '--connect', stores.url])
    await waitForScreen(terminal, /STORE▾ +HEALTH +\/S +P50 +P95 +P99 +MAX +ERR\/S +FLIGHT$/m)
    terminal.resize(200, 50)
    await waitForScreen(terminal, /STORE▾ +ENGINE +HEALTH .* FLIGHT +SIZE +ALERTS +MEMORY +HITS +OLDEST$/m)
    await waitForScreen(terminal, /OPERATION +\/S▾.*^compaction {2}0 compactions running/ms)
    expectWhole(terminal, [200, 50])
    terminal.resize(60, 12)
    await waitForScreen(terminal, /STORE▾ +HEALTH +\/S +P99 +ERR\/S( +FLIGHT)?$/m)
    expectWhole(terminal, [60, 12])
  })

  test('keys select, sort, filter, open and quit', async () => {
    const terminal = await Terminal.start([100, 30], ['top', '--sort', 'store', '--connect', stores.url])
    await waitForScreen(terminal, /▸ orders.* {2}sessions/s)
    terminal.press('Down')
    await waitForScreen(terminal, / {2}orders.*▸ sessions/s)
    terminal.press('r')
    await waitForScreen(terminal, /STORE▴.*▸ sessions.* {2}orders/s)
    terminal.press('s')
    await waitForScreen(terminal, /HEALTH▾/)
    terminal.press('/')
    terminal.press('-l', 'ord')
    await waitForScreen(terminal, /filter: ord▏/)
    await waitForScreen(terminal, /▸ orders/)
    expect(terminal.screen()).not.toMatch(/ sessions +\w+ +\d/)
    terminal.press('Enter')
    await waitForScreen(terminal, /^\/ord 1 of 2/m)
    terminal.press('Enter')
    await waitForScreen(terminal, /^orders {2}\w+ {2}leveldb \(abstract-level\) open.*OPERATION.*^compaction.*Store opened/ms)
    terminal.press('h')
    await waitForScreen(terminal, /All health checks are healthy\.|cause/)
    terminal.press('a')
    await waitForScreen(terminal, /firing \w+ AnyGets warning for/)
    terminal.press('Space')
    await waitForScreen(terminal, / paused /)
    terminal.press('Space', 'q')
    await waitForScreen(terminal, /^before\nexit code 0$/m)
  })

  test('Ctrl-C quits with code 0, and the terminal is as it was before', async () => {
    const terminal = await Terminal.start([80, 24], ['top', '--connect', stores.url])
    await waitForScreen(terminal, /▸ /)
    terminal.press('C-c')
    await waitForScreen(terminal, /^before\nexit code 0$/m)
    expect(terminal.raw()).toContain('\u001b[?25h')
  })

  test('nothing flickers: only what has changed is written, in one piece, and nothing is erased before', async () => {
    const terminal = await Terminal.start([80, 24], ['top', '--interval', '1', '--connect', stores.url])
    await waitForScreen(terminal, /▸ /)
    const before = terminal.raw().length
    const isAt = (time: string): boolean => terminal.screen().includes(time)
    const [, time = ''] = /(\d\d:\d\d:\d\d)$/m.exec(terminal.screen()) ?? []
    await vi.waitUntil(() => !isAt(time), { timeout: 15_000 })
    await sleep(3000)
    const written = terminal.raw().slice(before)
    const frames = written.split('\u001b[?2026h').slice(1)
    expect(frames.length).toBeGreaterThanOrEqual(3)
    // Entering and leaving the alternate screen, and erasing lines or the screen.
    for (const code of ['\u001b[?1049', '\u001b[2J', '\u001b[J', '\u001b[0J', '\u001b[2K']) expect(written).not.toContain(code)
    for (const frame of frames) expect(frame).toContain('\u001b[?2026l')
    // A whole screen has about 2000 characters.
    expect(written.length / frames.length).toBeLessThan(1200)
  })

  test('NO_COLOR leaves words and marks', async () => {
    const args = ['top', '--connect', stores.url]
    const colored = await Terminal.start([80, 24], args)
    await waitForScreen(colored, /▸ /)
    expect(colors(colored)).toBeGreaterThan(0)
    const terminal = await Terminal.start([80, 24], args, { NO_COLOR: '1' })
    await waitForScreen(terminal, /▸ .*firing/s)
    expect(colors(terminal)).toBe(0)
  })

  test('a process that is away is shown with since when, and its numbers come back with it', async () => {
    const port = await freePort()
    const terminal = await Terminal.start([80, 24], ['top', '--interval', '1', '--connect', `http://127.0.0.1:${port}`])
    await waitForScreen(terminal, /^No answer since \d\d:\d\d:\d\d.*: http/m)
    for (let life = 0; life < 2; life++) {
      const process = await startStores({ jsonApiPort: port })
      await waitForScreen(terminal, /^loop P99 .*▸ /ms)
      await process.close()
      await waitForScreen(terminal, /^shop.*No answer since \d\d:\d\d:\d\d \(\d+ s, still trying\): /ms)
      expectWhole(terminal, [80, 24])
    }
    terminal.press('q')
    await waitForScreen(terminal, /exit code 0/)
  })
})
