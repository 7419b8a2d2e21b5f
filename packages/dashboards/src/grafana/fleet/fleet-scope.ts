import type { Selection } from '../query.ts'

/**
 * Each series with the label `instance`, whatever its route calls it: a table has one column for it. A label's name with dots is
 * what VictoriaMetrics gives unless told otherwise; as the source of a replacement any backend takes it.
 */
export const named = (series: string): string =>
  ['service_instance_id', 'service.instance.id'].reduce(
    (text, label) => `label_replace(${text}, "instance", "$1", "${label}", "(.+)")`,
    series,
  )

export const byStore = ['instance', 'store']
export const ofStore: Selection = { by: byStore, each: named }
export const ofProcess: Selection = { by: ['instance'], each: named }
