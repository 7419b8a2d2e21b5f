import type { MetricName } from '../../metrics/semconv.ts'
import { type Method, MethodPatch } from '../../operations/method-patch.ts'
import { OpenSnapshots } from '../../operations/open-snapshots.ts'
import type { StoreContext } from '../../operations/store-context.ts'

/** The metrics of the snapshots that a database of version 3 makes for its users. */
export const snapshotMetricNames: readonly MetricName[] = ['db_open_snapshots', 'db_oldest_snapshot_age_seconds']

/** Counts the open snapshots of a database that has them. A database closes its snapshots when it is closed. */
export function measureSnapshots(context: StoreContext, patch: MethodPatch): void {
  const snapshots = new OpenSnapshots()
  patch.replace('_snapshot', (original) => wrapSnapshot(snapshots, original))
  context.observeGauge('db_open_snapshots', () => snapshots.count)
  context.observeGauge('db_oldest_snapshot_age_seconds', () => snapshots.oldestAgeSeconds())
}

function wrapSnapshot(snapshots: OpenSnapshots, original: Method): Method {
  return function (...args) {
    const snapshot: unknown = original.apply(this, args)
    if (!isMeasurable(snapshot)) return snapshot
    const end = snapshots.open()
    new MethodPatch(snapshot).replace('_close', (close) => {
      return function (this: unknown, ...closeArgs) {
        end()
        return close.apply(this, closeArgs)
      }
    })
    return snapshot
  }
}

function isMeasurable(snapshot: unknown): snapshot is object {
  return typeof snapshot === 'object' && snapshot !== null && Object.isExtensible(snapshot) && '_close' in snapshot
}
