import type { ComponentChildren } from 'preact'

export interface CardProps {
  readonly title?: ComponentChildren | undefined
  /** One line below the title. */
  readonly subtitle?: ComponentChildren | undefined
  /** Buttons and links at the right of the title. */
  readonly actions?: ComponentChildren | undefined
  /** Takes the whole width of the grid. */
  readonly isWide?: boolean | undefined
  readonly id?: string | undefined
  readonly children?: ComponentChildren
}

/** A surface with a title. */
export function Card({ title, subtitle, actions, isWide, id, children }: CardProps) {
  return (
    <section class={`card${isWide ? ' card-wide' : ''}`} id={id}>
      {(title !== undefined || actions !== undefined) && (
        <header class="card-header">
          <div>
            {title !== undefined && <h2>{title}</h2>}
            {subtitle !== undefined && <p class="muted">{subtitle}</p>}
          </div>
          {actions !== undefined && <div class="card-actions">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  )
}

/** Cards side by side, as many as fit: a narrow one is 220 px wide or more, a normal one 360 px, a wide one 520 px. */
export function CardGrid({
  size = 'normal',
  isStretched = false,
  children,
}: {
  readonly size?: 'narrow' | 'normal' | 'wide'
  /** Whether few cards take the whole width. */
  readonly isStretched?: boolean
  readonly children: ComponentChildren
}) {
  return <div class={`card-grid card-grid-${size}${isStretched ? ' card-grid-stretched' : ''}`}>{children}</div>
}
