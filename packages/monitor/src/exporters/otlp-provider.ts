import * as resources from '@opentelemetry/resources'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { MetricsRegistry } from '@wombat/instrumentation'
import { createResource, type ResourceAttributes } from '../collection/resource.ts'
import type { Logger } from '../logger.ts'
import type { RegistrySource } from '../processes/registry-source.ts'
import type { Clock } from '../time/clock.ts'
import { type OtlpSettings, otlpReader } from './otlp.ts'

/** What a MeterProvider exports, and where. */
export interface OtlpProviderOptions {
  /** Where exports are counted. */
  readonly registry: MetricsRegistry
  /** What is exported. */
  readonly whole: RegistrySource
  readonly settings: OtlpSettings
  readonly resourceAttributes: ResourceAttributes
  readonly logger: Logger
  readonly clock: Clock
}

/** An export that is running. Both functions resolve when the receiver has answered, or the export has failed. */
export interface OtlpExport {
  /** Exports now. */
  flush(): Promise<void>
  /** Exports once more and ends. */
  stop(): Promise<void>
}

/** Starts to export a registry with a MeterProvider that is not registered globally. */
export function startOtlp({ registry, whole, settings, resourceAttributes, logger, clock }: OtlpProviderOptions): OtlpExport {
  const resource = createResource(resources, resourceAttributes)
  const provider = new MeterProvider({ resource, readers: [otlpReader(registry, settings, logger, clock, whole)] })
  return { flush: () => provider.forceFlush(), stop: () => provider.shutdown() }
}
