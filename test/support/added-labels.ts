/** Labels that Prometheus adds to distinguish processes. */
export const prometheusLabels: readonly string[] = ['job', 'instance']

/** Labels that VictoriaMetrics derives from the OTLP resource and scope. */
export const victoriaMetricsLabels: readonly string[] = [
  'service_name',
  'service_instance_id',
  'telemetry_sdk_language',
  'telemetry_sdk_name',
  'telemetry_sdk_version',
  'scope_name',
  'scope_version',
]
