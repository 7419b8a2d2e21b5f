import { describe, expect, test } from 'vitest'
import { type ClockStep, ManualClock, SystemClock } from './clock.ts'

/** A machine whose clocks a test sets. */
function createMachine() {
  const machine = { wallMs: 1_800_000_000_000, monotonicMs: 5000, uptimeMs: 90_000 }
  const clock = new SystemClock({
    wallMs: () => machine.wallMs,
    monotonicMs: () => machine.monotonicMs,
    uptimeMs: () => machine.uptimeMs,
  })
  const steps: ClockStep[] = []
  clock.onStep((step) => steps.push(step))
  const run = (milliseconds: number, rate = 1) => {
    machine.wallMs += milliseconds * rate
    machine.monotonicMs += milliseconds
    machine.uptimeMs += milliseconds
  }
  return { machine, clock, steps, run }
}

describe('SystemClock', () => {
  test('continues until it is synchronized, then follows the system clock and tells by how much it was set', () => {
    const { machine, clock, steps, run } = createMachine()
    run(10_000)
    machine.wallMs -= 3_600_000
    run(500)
    expect(clock.nowMs()).toBe(1_800_000_010_500)
    clock.synchronize()
    expect(clock.nowMs()).toBe(1_800_000_010_500 - 3_600_000)
    expect(steps).toEqual([{ deltaMs: -3_600_000, atMs: 1_800_000_010_500 - 3_600_000 }])
    clock.synchronize()
    expect(steps).toHaveLength(1)
  })

  test('a glitch is two steps that add up to nothing', () => {
    const { machine, clock, steps, run } = createMachine()
    for (const deltaMs of [400 * 86_400_000, -400 * 86_400_000]) {
      machine.wallMs += deltaMs
      run(700)
      clock.synchronize()
    }
    expect(steps.reduce((sum, { deltaMs }) => sum + deltaMs, 0)).toBe(0)
    expect(clock.nowMs()).toBe(1_800_000_001_400)
  })

  test('the time of a suspension passed: it is no step', () => {
    const { machine, clock, steps } = createMachine()
    machine.wallMs += 3_600_000
    machine.uptimeMs += 3_600_010
    clock.synchronize()
    expect(clock.nowMs()).toBe(1_800_003_600_000)
    expect(steps).toEqual([])
  })

  test('the clock may also be set while the machine is suspended', () => {
    const { machine, clock, steps } = createMachine()
    machine.wallMs += 60_000 - 7_200_000
    machine.uptimeMs += 60_000
    clock.synchronize()
    expect(clock.nowMs()).toBe(1_800_000_060_000 - 7_200_000)
    expect(steps).toEqual([{ deltaMs: -7_200_000, atMs: 1_800_000_060_000 - 7_200_000 }])
  })

  test('slewing is followed without a step, and time never goes back', () => {
    const { machine, clock, steps, run } = createMachine()
    let previousMs = clock.nowMs()
    for (let second = 0; second < 3600; second++) {
      run(1000, second < 1800 ? 1.0005 : 0.9995)
      if (second === 600) machine.wallMs -= 900
      clock.synchronize()
      expect(clock.nowMs()).toBeGreaterThan(previousMs)
      previousMs = clock.nowMs()
    }
    expect(steps).toEqual([])
    expect(Math.abs(clock.nowMs() - machine.wallMs)).toBeLessThan(2)
  })

  test('a process that was stopped sees time that passed', () => {
    const { clock, steps, run } = createMachine()
    run(3_600_000)
    clock.synchronize()
    expect(clock.nowMs()).toBe(1_800_003_600_000)
    expect(steps).toEqual([])
  })

  test('reads the clocks of this machine', () => {
    const clock = new SystemClock()
    clock.synchronize()
    expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(1000)
  })
})

describe('ManualClock', () => {
  test('time passes and the clock is set', () => {
    const clock = new ManualClock(1000)
    const steps: ClockStep[] = []
    const unsubscribe = clock.onStep((step) => steps.push(step))
    clock.advance(500)
    clock.step(-1000)
    unsubscribe()
    clock.step(1)
    expect([clock.nowMs(), clock.monotonicMs(), steps]).toEqual([501, 500, [{ deltaMs: -1000, atMs: 500 }]])
    expect(() => clock.advance(-1)).toThrow('advance takes milliseconds from 0, got -1')
  })
})
