/** Labels that Prometheus adds, to tell one process from another. */
export const prometheusLabels: readonly string[] = ['job', 'instance']

/** Those that VictoriaMetrics makes of what OTLP says of a process and of who measures. */
export const victoriaMetricsLabels: readonly string[] = [
  'service_name',
  'service_instance_id',
  'telemetry_sdk_language',
  'telemetry_sdk_name',
  'telemetry_sdk_version',
  'scope_name',
  'scope_version',
]
