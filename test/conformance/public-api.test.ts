import * as dashboards from '@wombat/dashboards'
import * as instrumentation from '@wombat/instrumentation'
import * as auto from '@wombat/instrumentation/auto'
import * as internal from '@wombat/instrumentation/internal'
import * as testing from '@wombat/instrumentation/testing'
import * as monitor from '@wombat/monitor'
import { expect, test } from 'vitest'

// Removing or renaming a public name is a breaking change and belongs in the changelog.
const surface = {
  '@wombat/instrumentation': {
    module: instrumentation,
    names: [
      'DatabaseMetrics',
      'MetricsRegistry',
      'StorageMetrics',
      'bindToMeter',
      'instrument',
      'latencyBounds',
      'metrics',
      'operations',
      'scopeName',
      'sharedRegistry',
      'storeAdapters',
      'uninstrument',
      'wrapMethods',
    ],
  },
  '@wombat/instrumentation/auto': { module: auto, names: ['WombatInstrumentation', 'hookImports'] },
  '@wombat/instrumentation/internal': {
    module: internal,
    names: [
      'HistogramSnapshot',
      'MeasuredStores',
      'OperationObserver',
      'calloutTargets',
      'clientOperationDuration',
      'collectProcessMemory',
      'errorKind',
      'errorType',
      'isExported',
      'operationMetrics',
      'otherError',
      'parseVolume',
      'processMemoryLimit',
      'readControlGroupMemory',
      'rejectReasons',
      'reservedNames',
      'seriesKey',
      'summarize',
      'summaryQuantiles',
    ],
  },
  '@wombat/instrumentation/testing': { module: testing, names: ['readMeasured', 'storeSuite'] },
  '@wombat/monitor': {
    module: monitor,
    names: [
      'AlertManager',
      'ConfigError',
      'DeliveryError',
      'DurableHistory',
      'ErrorHistory',
      'HealthMonitor',
      'ManualClock',
      'RegistryProducer',
      'RejectedError',
      'RuleError',
      'Snapshot',
      'SnapshotReader',
      'SystemClock',
      'TimeSeries',
      'alertmanagerNotifier',
      'conditionDirection',
      'conditionSeries',
      'conditionTable',
      'createMonitoring',
      'defaultHealthBounds',
      'defaultRules',
      'defaultRunbookUrl',
      'discordNotifier',
      'emailNotifier',
      'explainConfig',
      'healthBoundTable',
      'healthStatuses',
      'intervalSummary',
      'logNotifier',
      'ntfyNotifier',
      'opsgenieNotifier',
      'optionTable',
      'pagerdutyNotifier',
      'parseRules',
      'prometheusText',
      'readRules',
      'resolveRules',
      'severities',
      'slackNotifier',
      'startMonitoring',
      'teamsNotifier',
      'toSamples',
      'validateRules',
      'webhookNotifier',
    ],
  },
  '@wombat/dashboards': {
    module: dashboards,
    names: [
      'alertGroup',
      'burnRateGroups',
      'collectorConfig',
      'diagnose',
      'prometheusRule',
      'quantile',
      'rate',
      'recordingGroups',
      'routeFiles',
      'routes',
      'ruleFile',
      'ruleFiles',
      'selector',
    ],
  },
}

for (const [name, { module, names }] of Object.entries(surface)) {
  test(`${name} exports exactly these names`, () => {
    expect(Object.keys(module).sort()).toEqual(names)
  })
}
