import type { MonitoringConfig } from '@wombat/monitor'
import type { Task } from './application-process.ts'

/** Everything on, often. */
export function configOf({ planted, historyPath, receiver, refusing, otlp, redacted }: Task): MonitoringConfig {
  return {
    metricsIntervalMs: 200,
    slowQueryThresholdMs: 0,
    enableOperationTracing: true,
    healthCheckIntervalMs: 100,
    alertEvaluationIntervalMs: 100,
    alertmanagerUrl: refusing.replace('//', `//user:${planted.alertmanagerUrl}@`),
    alertWebhookUrl: `${receiver}/hook/${planted.webhookUrl}?token=${planted.webhookUrl}`,
    alertWebhookAllowPrivate: true,
    historyPath,
    prometheusEnabled: true,
    prometheusPort: 0,
    jsonApiPort: 0,
    authToken: planted.authToken,
    logMetricsEnabled: true,
    logLevel: 'trace',
    semconv: 'both',
    otlp: {
      url: `${otlp}/v1/metrics?key=${planted.otlpUrl}`,
      headers: { authorization: `Bearer ${planted.otlpHeader}` },
      compression: 'gzip',
    },
    alertRules: [
      {
        name: 'Written',
        severity: 'critical',
        condition: 'metric_above',
        metric: 'db_set_operations_total',
        threshold: 0,
        annotations: { summary: '{{ labels.store }} is written to' },
      },
    ],
    notifiers: [
      {
        name: 'failing',
        repeatMs: 60_000,
        sendResolved: true,
        // As a client of a chat does, whose errors tell the address.
        send: async () => {
          throw Object.assign(new Error(`cannot post to https://chat/${planted.errorMessage}`), { code: planted.errorCode })
        },
      },
    ],
    health: {
      checks: [
        {
          name: 'own_check',
          run: () => {
            throw Object.assign(new Error(planted.errorMessage), { code: planted.errorCode })
          },
        },
      ],
      onChange: () => {
        throw new Error(planted.errorMessage)
      },
    },
    ...(redacted !== undefined && { errorRedactor: () => redacted }),
  }
}
