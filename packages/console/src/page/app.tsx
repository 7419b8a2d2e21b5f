import { useSignal } from '@preact/signals'
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks'
import { isSignedOut } from './api/client.ts'
import { session } from './api/session.ts'
import { Icon } from './components/icon.tsx'
import { selectedStore, useStores } from './data/stores.ts'
import { connection, serviceName } from './live/stream.ts'
import { Login } from './login.tsx'
import { linkTo, route } from './router.ts'
import { ConnectionBanner, TopBar } from './top-bar.tsx'
import { type View, views } from './views/registry.ts'

/** The whole page. */
export function App() {
  const isMenuOpen = useSignal(false)
  const view = views.find(({ name }) => name === route.value.view) ?? views[0]
  const service = serviceName.value
  const store = view?.hasStore ? selectedStore.value : undefined
  useEffect(() => {
    document.title = [view?.title, store, service, 'Wombat'].filter((part) => part !== undefined).join(' · ')
  }, [view, store, service])
  const previous = useRef(view)
  useEffect(() => {
    isMenuOpen.value = false
    if (previous.current === view) return
    previous.current = view
    // As after a link to another document: it begins at its top, and a screen reader reads its name.
    scrollTo(0, 0)
    document.querySelector<HTMLElement>('#view-title')?.focus()
  }, [view, isMenuOpen])
  if (isSignedOut.value) return <Login />
  // Before it is known whether a token is needed, every request could be refused.
  if (view === undefined || (session.value === undefined && connection.value.state === 'connecting')) return null
  return (
    <>
      <button type="button" class="skip-link" onClick={() => document.querySelector<HTMLElement>('#content')?.focus()}>
        Skip to the content
      </button>
      <div class="shell">
        <Navigation current={view} isOpen={isMenuOpen.value} />
        <div class="page">
          <TopBar
            view={view}
            onMenu={() => {
              isMenuOpen.value = !isMenuOpen.value
            }}
          />
          <ConnectionBanner />
          <main id="content" tabIndex={-1}>
            <Guarded key={view.name} view={view} />
          </main>
        </div>
      </div>
    </>
  )
}

function Navigation({ current, isOpen }: { readonly current: View; readonly isOpen: boolean }) {
  const { value } = useStores()
  const firing = value?.stores.reduce((sum, store) => sum + store.firing, 0) ?? 0
  const version = session.value?.version
  return (
    <nav class={`navigation${isOpen ? ' navigation-open' : ''}`} aria-label="Views">
      <div class="brand">
        <img src="./icon.svg" alt="" width="22" height="22" />
        <span>Wombat</span>
      </div>
      <ul>
        {views.map(({ name, title, icon }) => (
          <li key={name}>
            <a href={linkTo(name)} aria-current={name === current.name ? 'page' : undefined}>
              <Icon name={icon} />
              <span>{title}</span>
              {name === 'alerts' && firing > 0 && (
                <span class="count count-critical" title={`${firing} firing`}>
                  {firing}
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
      <p class="navigation-foot muted">
        {serviceName.value}
        {version !== undefined && <span>Monitor {version}</span>}
      </p>
    </nav>
  )
}

/** A view that fails does not take the others with it. */
function Guarded({ view: { component: Component, title } }: { readonly view: View }) {
  const [error, reset] = useErrorBoundary()
  if (error === undefined) return <Component />
  return (
    <div class="notice notice-error" role="alert">
      <p>
        {title} cannot be shown: {error instanceof Error ? error.message : String(error)}
      </p>
      <button type="button" class="button" onClick={reset}>
        Try again
      </button>
    </div>
  )
}
