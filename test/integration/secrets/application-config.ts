import type { MonitoringConfig } from '@wombat/monitor'
import type { Task } from './application-process.ts'

/** A configuration with everything enabled, at short intervals. */
export function createConfig({
  secrets,
  historyPath,
  authTokenFile,
  authUsersFile,
  receiver,
  rejecting,
  otlp,
  redacted,
}: Task): MonitoringConfig {
  return {
    metricsIntervalMs: 200,
    slowQueryThresholdMs: 0,
    enableOperationTracing: true,
    healthCheckIntervalMs: 100,
    alertEvaluationIntervalMs: 100,
    alertmanagerUrl: rejecting.replace('//', `//user:${secrets.alertmanagerUrl}@`),
    alertWebhookUrl: `${receiver}/hook/${secrets.webhookUrl}?token=${secrets.webhookUrl}`,
    alertWebhookAllowPrivate: true,
    historyPath,
    prometheusEnabled: true,
    prometheusPort: 0,
    jsonApiPort: 0,
    authToken: secrets.authToken,
    readOnlyToken: secrets.readOnlyToken,
    authTokenFile,
    authUsersFile,
    logMetricsEnabled: true,
    logLevel: 'trace',
    semconv: 'both',
    otlp: {
      url: `${otlp}/v1/metrics?key=${secrets.otlpUrl}`,
      headers: { authorization: `Bearer ${secrets.otlpHeader}` },
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
        // As a chat client whose error messages contain the URL.
        send: async () => {
          throw Object.assign(new Error(`cannot post to https://chat/${secrets.errorMessage}`), { code: secrets.errorCode })
        },
      },
    ],
    health: {
      checks: [
        {
          name: 'own_check',
          run: () => {
            throw Object.assign(new Error(secrets.errorMessage), { code: secrets.errorCode })
          },
        },
      ],
      onChange: () => {
        throw new Error(secrets.errorMessage)
      },
    },
    ...(redacted !== undefined && { errorRedactor: () => redacted }),
  }
}
