import { caches } from './caches/part.ts'
import { collect } from './collect/part.ts'
import type { ComparisonResult, Effort } from './comparison.ts'
import { detail } from './detail/part.ts'
import { engine } from './engine/part.ts'
import { history } from './history/part.ts'
import { inPlace, service } from './in-place/part.ts'
import { operations } from './operations/part.ts'
import { query } from './query/part.ts'
import { record } from './record/part.ts'
import { sampling } from './sampling/part.ts'
import { startUp } from './start-up/part.ts'

/** The parts by the name for `--only`, in the order in which they run. */
export const parts: Readonly<Record<string, (effort: Effort) => AsyncGenerator<ComparisonResult>>> = {
  record,
  sampling,
  operations,
  'in-place': inPlace,
  service,
  caches,
  collect,
  engine,
  history,
  query,
  detail,
  'start-up': startUp,
}
