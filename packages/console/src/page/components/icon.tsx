const paths = {
  overview: 'M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z',
  operations: 'M2 11h4l2-6 4 11 2-5h4',
  engine: 'M3 5h14M3 10h14M3 15h14M6 3v4M12 8v4M8 13v4',
  health: 'M10 17S3 12.5 3 7.6A3.7 3.7 0 0 1 10 5.8a3.7 3.7 0 0 1 7 1.8C17 12.5 10 17 10 17z',
  alerts: 'M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3',
  'slow-operations': 'M10 5v5l3 2M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15z',
  explore: 'M3 17V3M3 17h14M6 13l3-4 3 2 4-6',
  configuration: 'M3 6h7M14 6h3M3 14h3M10 14h7M12 4v4M8 12v4',
  menu: 'M3 5h14M3 10h14M3 15h14',
  close: 'M5 5l10 10M15 5L5 15',
  pause: 'M7 4v12M13 4v12',
  silence: 'M5 14V9a5 5 0 0 1 8.5-3.5M15 9v5l1.5 1.5H7M8.5 17.5h3M3 17L17 3',
  play: 'M6 4l10 6-10 6z',
  sun: 'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M4 16l1.4-1.4M14.6 5.4L16 4',
  moon: 'M16.5 12A7 7 0 0 1 8 3.5 7 7 0 1 0 16.5 12z',
  system: 'M3 4h14v10H3zM7 17h6M10 14v3',
  search: 'M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM13 13l4 4',
  calendar: 'M3 5h14v12H3zM3 9h14M7 3v4M13 3v4',
  table: 'M3 4h14v12H3zM3 8h14M3 12h14M8 4v12',
  chart: 'M3 16V4M3 16h14M6 12l3-4 3 2 4-5',
  copy: 'M7 7h9v10H7zM4 13V3h9',
  check: 'M4 10.5l4 4 8-9',
  chevron: 'M5 8l5 5 5-5',
  flag: 'M5 18V3h10l-2.5 3.5L15 10H5',
  external: 'M8 4H4v12h12v-4M11 3h6v6M17 3l-8 8',
  account: 'M10 3.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM4 17c0-3.5 2.5-5 6-5s6 1.5 6 5',
  up: 'M10 16V4M5 9l5-5 5 5',
  down: 'M10 4v12M5 11l5 5 5-5',
  previous: 'M12 5l-5 5 5 5',
  next: 'M8 5l5 5-5 5',
} as const

export type IconName = keyof typeof paths

/** A drawing beside a word. It has no meaning of its own, so it is hidden from screen readers. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}
