import { operations } from '../../data/operation-metrics.ts'
import { selectedStore, useStores } from '../../data/stores.ts'
import { operationName } from '../../format/names.ts'
import { parameter } from '../../router.ts'
import { chooseFilters } from './slow-choice.ts'

/** Chooses one operation of those that the stores have. */
export function OperationFilter({ others = [] }: { readonly others?: readonly string[] }) {
  const { value } = useStores()
  const store = selectedStore.value
  const chosen = parameter('slow-operations', 'operation')
  const known = value?.stores.filter((one) => store === undefined || one.store === store) ?? []
  const existing = operations.filter((operation) => known.some((one) => one.operations.includes(operation)))
  const offered = [...new Set([...existing, ...others, ...(chosen === undefined ? [] : [chosen])])]
  return (
    <label class="filter">
      <span>Operation</span>
      <select
        class="control"
        value={chosen ?? ''}
        onChange={({ currentTarget }) => chooseFilters({ operation: currentTarget.value || undefined })}
      >
        <option value="">All</option>
        {offered.map((operation) => (
          <option key={operation} value={operation}>
            {operationName(operation)}
          </option>
        ))}
      </select>
    </label>
  )
}
