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
 * Who speaks: OpenTelemetry's defaults, a random `service.instance.id` (without one, two processes of one service are one
 * series in Prometheus), then OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME, then what the code says.
 */
export function resourceOf(attributes: Attributes): Resource {
  return defaultResource()
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] }))
    .merge(resourceFromAttributes(attributes))
}
