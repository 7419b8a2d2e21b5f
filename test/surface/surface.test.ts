import * as dashboards from '@wombat/dashboards'
import * as instrumentation from '@wombat/instrumentation'
import * as auto from '@wombat/instrumentation/auto'
import * as testing from '@wombat/instrumentation/testing'
import * as monitor from '@wombat/monitor'
import { expect, test } from 'vitest'

// Public names: taking one away or renaming it is a breaking change, and belongs in the changelog.
const surface = {
  '@wombat/instrumentation': {
    module: instrumentation,
    names: [
      'DatabaseMetrics',
      'HistogramReading',
      'MeasuredStores',
      'MetricsRegistry',
      'OperationWatch',
      'StorageMetrics',
      'bindToMeter',
      'clientOperationDuration',
      'controlGroupMemory',
      'errorKind',
      'errorType',
      'identityOf',
      'instrument',
      'isExported',
      'latencyBounds',
      'metrics',
      'metricsOf',
      'operations',
      'otherError',
      'processMemoryLimit',
      'refusals',
      'scopeName',
      'sharedRegistry',
      'storeAdapters',
      'summaryOf',
      'summaryQuantiles',
      'timeMethods',
      'uninstrument',
      'volumeIn',
      'watchProcessMemory',
    ],
  },
  '@wombat/instrumentation/auto': { module: auto, names: ['WombatInstrumentation', 'hookImports'] },
  '@wombat/instrumentation/testing': { module: testing, names: ['measured', 'storeSuite'] },
  '@wombat/monitor': {
    module: monitor,
    names: [
      'AlertManager',
      'ConfigError',
      'DurableHistory',
      'ErrorHistory',
      'HealthMonitor',
      'Refused',
      'RegistryProducer',
      'RuleError',
      'Snapshot',
      'SnapshotReader',
      'TimeSeries',
      'alertmanagerNotifier',
      'checkedRules',
      'createMonitoring',
      'defaultHealthBounds',
      'defaultRules',
      'emailNotifier',
      'explainConfig',
      'healthStatuses',
      'intervalSummary',
      'logNotifier',
      'optionTable',
      'parseRules',
      'prometheusText',
      'readRules',
      'samplesOf',
      'seriesOf',
      'severities',
      'startMonitoring',
      'webhookNotifier',
    ],
  },
  '@wombat/dashboards': {
    module: dashboards,
    names: [
      'alertGroup',
      'burnRateGroups',
      'collectorConfig',
      'examine',
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
  test(`${name} exports exactly its frozen names`, () => {
    expect(Object.keys(module).sort()).toEqual(names)
  })
}
