import { basename } from 'node:path'
import type { Attributes } from '@opentelemetry/api'
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources'

/**
 * Who speaks: OpenTelemetry's defaults (but for the path of Node in `service.name`: no path becomes a label), a random `service.instance.id` (without one, two processes of one service are one
 * series in Prometheus), then OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME, then what the code says.
 */
export function createResource(attributes: Attributes): Resource {
  const unnamed = resourceFromAttributes({ 'service.name': `unknown_service:${basename(process.argv0)}` })
  return defaultResource()
    .merge(unnamed)
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] }))
    .merge(resourceFromAttributes(attributes))
}
