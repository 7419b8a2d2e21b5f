import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type ApiError, getText } from '../api/client.ts'
import { findSection } from '../format/sections.ts'
import { Markdown } from './markdown.tsx'
import { Empty, ErrorNotice, Skeleton } from './notices.tsx'

/** The runbook does not change while the process runs, so it is read once. */
const runbook = signal<{ readonly text?: string; readonly error?: ApiError; readonly isAsked?: boolean }>({})

async function readRunbook(): Promise<void> {
  if (runbook.peek().text !== undefined || runbook.peek().isAsked) return
  runbook.value = { isAsked: true }
  const result = await getText('runbook')
  runbook.value = result.ok ? { text: result.value } : { error: result.error }
}

/** The section of the runbook about an alert or a health check, by its heading. */
export function RunbookSection({ heading }: { readonly heading: string }) {
  useEffect(() => void readRunbook(), [])
  const { text, error } = runbook.value
  if (error !== undefined) return <ErrorNotice error={error} what="the runbook" onRetry={() => void readRunbook()} />
  if (text === undefined) return <Skeleton height={160} />
  const section = findSection(text, heading)
  if (section === undefined) return <Empty>The runbook has no section about {heading}.</Empty>
  return <Markdown text={section} />
}
