import { seriesKey } from '@wombat/instrumentation/internal'
import type { Alert } from '../manager.ts'

/** Returns an identifier that is the same for the same labels in every process: receivers recognize repetitions by it. */
export function fingerprint({ labels }: Alert): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(seriesKey(labels)).digest('hex').slice(0, 16)
}
