import { NodeSDK } from '@opentelemetry/sdk-node'

// What a process with OpenTelemetry imports first. Without exporters: nothing here receives its data.
new NodeSDK({ metricReaders: [], spanProcessors: [], logRecordProcessors: [] }).start()
