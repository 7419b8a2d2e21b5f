import { expect, test } from 'vitest'
import { attributeLatency } from './latency-attribution.ts'

test.each([
  [1, 0, 0, { storeSeconds: 1, loopSeconds: 0, poolSeconds: 0, cause: 'store' }],
  [1, 0.75, 0, { storeSeconds: 0.25, loopSeconds: 0.75, poolSeconds: 0, cause: 'event_loop' }],
  [1, 0, 0.75, { storeSeconds: 0.25, loopSeconds: 0, poolSeconds: 0.75, cause: 'thread_pool' }],
  [1, 0.5, 0, { storeSeconds: 0.5, loopSeconds: 0.5, poolSeconds: 0, cause: 'store' }],
  [1, 5, 5, { storeSeconds: 0, loopSeconds: 1, poolSeconds: 0, cause: 'event_loop' }],
  [1, 0.25, 5, { storeSeconds: 0, loopSeconds: 0.25, poolSeconds: 0.75, cause: 'thread_pool' }],
])(
  'splits %f s with %f s of event loop delay and %f s of pool wait',
  (seconds, deliveryDelaySeconds, poolWaitSeconds, expected) => {
    expect(attributeLatency({ seconds, deliveryDelaySeconds, poolWaitSeconds })).toEqual(expected)
  },
)
