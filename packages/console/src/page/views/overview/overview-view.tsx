import './overview.css'
import { CardGrid } from '../../components/card.tsx'
import { Icon } from '../../components/icon.tsx'
import { Answered, Empty, Skeleton } from '../../components/notices.tsx'
import { Segments } from '../../components/tabs.tsx'
import { useStores } from '../../data/stores.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { parameter, setParameters } from '../../router.ts'
import { arrangeStores, type StoreFilter, type StoreOrder, storeOrders } from './arrange-stores.ts'
import { HealthBanner } from './health-banner.tsx'
import { ProcessStrip } from './process-strip.tsx'
import { RecentEvents } from './recent-events.tsx'
import { StoreCard } from './store-card.tsx'
import { trendsText } from './store-trends.ts'

/** All stores, worst first, with the state of the process they run in. */
export function OverviewView() {
  const answer = useStores()
  const health = useAnswer('api/v1/health')
  const search = parameter('overview', 'search') ?? ''
  const order = (parameter('overview', 'sort') ?? 'worst') as StoreOrder
  const filter = (parameter('overview', 'state') ?? 'all') as StoreFilter
  // How high the banner is depends on the answer: what is below it would jump.
  if (health.isLoading) {
    return (
      <>
        <Skeleton height={110} />
        <Skeleton height={100} />
        <Skeleton height={420} />
      </>
    )
  }
  return (
    <>
      <HealthBanner />
      <ProcessStrip />
      <div class="overview-columns">
        <div>
          <Answered answer={answer} what="the stores" height={420}>
            {({ stores }) => {
              if (stores.length === 0) {
                return (
                  <Empty>
                    No store is measured yet. Stores appear here as soon as the application opens one that is instrumented, or
                    passes one to monitoring.instrument().
                  </Empty>
                )
              }
              const shown = arrangeStores(stores, { search, order, filter })
              const problems = stores.length - arrangeStores(stores, { search: '', order, filter: 'healthy' }).length
              return (
                <section aria-label="Stores">
                  <div class="toolbar stores-toolbar">
                    <h2>
                      <output>
                        {shown.length === stores.length ? stores.length : `${shown.length} of ${stores.length}`}{' '}
                        {stores.length === 1 ? 'store' : 'stores'}
                      </output>
                    </h2>
                    <span class="muted">{trendsText.value}</span>
                    <span class="toolbar-space" />
                    {stores.length > 1 && <Choices search={search} order={order} filter={filter} problems={problems} />}
                  </div>
                  {shown.length === 0 && <Empty>No store fits. Change the search, or show all stores.</Empty>}
                  <CardGrid isStretched>
                    {shown.map((store) => (
                      <StoreCard key={store.store} store={store} />
                    ))}
                  </CardGrid>
                </section>
              )
            }}
          </Answered>
        </div>
        <RecentEvents />
      </div>
    </>
  )
}

interface ChoicesProps {
  readonly search: string
  readonly order: StoreOrder
  readonly filter: StoreFilter
  readonly problems: number
}

function Choices({ search, order, filter, problems }: ChoicesProps) {
  return (
    <>
      <span class="search">
        <Icon name="search" />
        <input
          type="search"
          class="control"
          aria-label="Search stores"
          placeholder="Name or engine"
          value={search}
          onInput={({ currentTarget }) => setParameters('overview', { search: currentTarget.value }, 'replace')}
        />
      </span>
      <Segments
        label="Which stores"
        options={[
          { id: 'all', title: 'All' },
          { id: 'problems', title: `With problems (${problems})` },
        ]}
        selected={filter}
        onSelect={(state) => setParameters('overview', { state: state === 'all' ? undefined : state })}
      />
      <label class="toolbar">
        <span class="muted">Sort by</span>
        <select
          class="control"
          value={order}
          onChange={({ currentTarget }) =>
            setParameters('overview', { sort: currentTarget.value === 'worst' ? undefined : currentTarget.value })
          }
        >
          {Object.entries(storeOrders).map(([id, title]) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
    </>
  )
}
