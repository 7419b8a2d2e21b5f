import { Card } from '../../components/card.tsx'
import { Icon } from '../../components/icon.tsx'
import { Empty } from '../../components/notices.tsx'
import { Table } from '../../components/table.tsx'
import { Segments } from '../../components/tabs.tsx'
import { parameter, setParameters } from '../../router.ts'
import { arrangeOptions, type ConfigOption, describeValue, isSet } from './option-values.ts'

const sources: Readonly<Record<ConfigOption['source'], { readonly title: string; readonly description: string }>> = {
  code: { title: 'code', description: 'The application has set it in code' },
  environment: { title: 'environment', description: 'A variable of the environment has set it' },
  default: { title: 'default', description: 'It has its default: neither code nor the environment has set it' },
}

/** Every option with its value and where it came from. */
export function OptionTable({ options }: { readonly options: readonly ConfigOption[] }) {
  const search = parameter('configuration', 'search') ?? ''
  const isOnlySet = parameter('configuration', 'changed') !== undefined
  const found = arrangeOptions(options, { search, isOnlySet })
  const setCount = options.filter(isSet).length
  return (
    <Card>
      <div class="toolbar">
        <span class="search option-search">
          <Icon name="search" />
          <input
            class="control"
            type="search"
            aria-label="Search options"
            placeholder="Search by name, variable, value or word"
            value={search}
            onInput={({ currentTarget }) => setParameters('configuration', { search: currentTarget.value }, 'replace')}
          />
        </span>
        <Segments
          label="Which options"
          options={[
            { id: 'all', title: <Counted title="All" count={options.length} /> },
            { id: 'set', title: <Counted title="Set" count={setCount} />, description: 'Only options that someone has set' },
          ]}
          selected={isOnlySet ? 'set' : 'all'}
          onSelect={(id) => setParameters('configuration', { changed: id === 'set' ? 'yes' : undefined })}
        />
        <output class="muted toolbar-space">{found.length === options.length ? '' : `${found.length} found`}</output>
      </div>
      {found.length === 0 ? (
        <Empty>
          {isOnlySet && setCount === 0
            ? 'Nobody has set an option: all have their defaults.'
            : 'No option has these words. Search for fewer, or look among all options.'}
        </Empty>
      ) : (
        <div class="option-table">
          <Table
            caption="The options of the monitor"
            rows={found}
            rowKey={({ option }) => option}
            columns={[
              {
                key: 'option',
                title: 'Option',
                isRowHeader: true,
                render: ({ option, variable }) => (
                  <div class="option-name">
                    <code>{option}</code>
                    {variable === undefined ? (
                      <span class="muted">only in code</span>
                    ) : (
                      <code class="muted" title="The variable of the environment that sets it">
                        {variable}
                      </code>
                    )}
                  </div>
                ),
              },
              { key: 'value', title: 'Value', render: (option) => <OptionValue option={option} /> },
              {
                key: 'source',
                title: 'From',
                render: ({ source }) => (
                  <span class={`source source-${source}`} title={sources[source].description}>
                    {sources[source].title}
                  </span>
                ),
              },
              {
                key: 'description',
                title: 'Meaning',
                render: ({ description, allowed }) => (
                  <div class="option-meaning">
                    <span>{withoutBackticks(description)}</span>
                    <span class="muted">Allowed: {withoutBackticks(allowed)}</span>
                  </div>
                ),
              },
            ]}
          />
        </div>
      )}
    </Card>
  )
}

function Counted({ title, count }: { readonly title: string; readonly count: number }) {
  return (
    <>
      {title} <span class="count">{count}</span>
    </>
  )
}

function OptionValue({ option: { option, value } }: { readonly option: ConfigOption }) {
  const text = describeValue(option, value)
  if (text === undefined) return <span class="muted">not set</span>
  return (
    <span class="option-value">
      <code>{text.code}</code>
      {text.meaning !== undefined && <span class="muted">{text.meaning}</span>}
    </span>
  )
}

function withoutBackticks(text: string): string {
  return text.replaceAll('`', '')
}
