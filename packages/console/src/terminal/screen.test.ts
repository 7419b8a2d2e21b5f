import { renderToString } from 'ink'
import { createElement } from 'react'
import { expect, test } from 'vitest'
import { formatReport } from './run-top.tsx'
import { keyContext, Screen, type Size } from './screen.tsx'
import type { Snapshot, StoreSnapshot } from './snapshot.ts'
import { initialState, pressKey, type ViewState } from './view-state.ts'

const long = 'a text that is much longer than any terminal is wide, so that it has to be cut off or wrapped somewhere '.repeat(3)

function store(name: string, operationsPerSecond: number): StoreSnapshot {
  return {
    store: name,
    engine: 'leveldb',
    adapter: 'abstract-level',
    state: 'open',
    health: 'healthy',
    operationsPerSecond,
    errorsPerSecond: 0,
    p50Seconds: 0.000123,
    p99Seconds: 4000,
    inFlight: 1_234_567,
    sizeBytes: 2 ** 50,
    firing: 1,
    pending: 0,
    engineNumbers: { levels: [{ level: 0, files: 3, bytes: 1e9 }], writeStalls: [{ cause: long, seconds: 1 }] },
    operations: [{ operation: 'get', operationsPerSecond, p50Seconds: 0.1 }],
  }
}

const snapshot: Snapshot = {
  timeMs: 1_790_000_000_000,
  url: `http://127.0.0.1:8080/${long.replaceAll(' ', '-')}`,
  service: '商店-shop',
  windowSeconds: 60,
  health: 'critical',
  process: { memoryBytes: 1e9, memoryLimitBytes: 2e9 },
  stores: Array.from({ length: 60 }, (_, index) => store(index % 2 === 0 ? `店-${index}-${long}` : `store-${index}`, index)),
  findings: Array.from({ length: 9 }, (_, index) => ({
    status: 'critical' as const,
    check: `check_${index}`,
    store: 'store-1',
    message: long,
    cause: long,
    nextSteps: [long, `${long}.`],
    sinceMs: 1_789_999_000_000,
  })),
  alerts: [
    { alert: 'Slow', severity: 'warning', state: 'firing', activeAtMs: 1_789_999_000_000, summary: long },
    { alert: 'Slower', store: 'store-1', severity: 'critical', state: 'pending', activeAtMs: 1_789_999_000_000 },
  ],
  events: [{ kind: 'flush', severity: 'info', title: long, store: 'store-1', startMs: 1_789_999_000_000 }],
}

/** The columns that a text takes: Chinese characters take two. */
function widthOf(text: string): number {
  return [...text].reduce((width, character) => width + (/[\u3000-\u9fff]/.test(character) ? 2 : 1), 0)
}

function draw(state: ViewState, size: Size, problem?: { message: string; sinceMs: number }): string[] {
  const screen = createElement(Screen, { snapshot, problem, state, size, nowMs: snapshot.timeMs })
  return renderToString(screen, { columns: size.columns }).split('\n')
}

function pressAll(keys: string, size: Size): ViewState {
  return [...keys].reduce<ViewState>(
    (state, input) => {
      const key = input === '\r' ? { return: true } : {}
      return pressKey(state, input, key, keyContext(snapshot, state, size)) ?? state
    },
    initialState('store', ''),
  )
}

const sizes = [
  [80, 24],
  [200, 50],
  [120, 100],
  [40, 10],
  [20, 5],
  [10, 3],
] as const

test.each(sizes)('whatever there is to show, %i×%i are filled and never more', (columns, rows) => {
  for (const keys of ['', 'o', 'jjj', 'G', '\r', 'h', 'hjjj', 'a', '?', '/x', '/nothing\r']) {
    const size = { columns, rows }
    for (const problem of [undefined, { message: long, sinceMs: 0 }]) {
      const lines = draw(pressAll(keys, size), size, problem)
      expect(lines, keys).toHaveLength(rows)
      expect(
        lines.filter((line) => widthOf(line) > columns),
        keys,
      ).toEqual([])
    }
  }
})

test('the selected row is always on the screen, and the footer says which rows are', () => {
  const size = { columns: 80, rows: 24 }
  const names = snapshot.stores.map(({ store: name }) => name.slice(0, 8)).sort((a, b) => a.localeCompare(b))
  for (const [keys, index] of [
    ['', 0],
    ['j'.repeat(25), 25],
    ['G', 59],
  ] as const) {
    const lines = draw(pressAll(keys, size), size)
    expect(lines.find((line) => line.startsWith('▸'))).toContain(names[index])
    expect(lines.at(-1)).toMatch(/^\d+-\d+ of 60 {2}q quit/)
  }
})

test('a report has every row and every notice, and no line is longer than asked for', () => {
  const lines = formatReport(snapshot, { sort: 'rate', filter: '' }, 100).split('\n')
  expect(lines.filter((line) => widthOf(line) > 100)).toEqual([])
  expect(lines.filter((line) => /^ {2}(store|店)-/.test(line))).toHaveLength(2 * 60)
  expect(lines.filter((line) => /^(critical|firing|pending) /.test(line))).toHaveLength(11)
})
