import { basename } from 'node:path'
import type { Attributes } from '@opentelemetry/api'
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources'

/**
 * Creates the resource of the exported metrics. Later sources override earlier ones: OpenTelemetry's defaults, a random
 * `service.instance.id`, those of the environment, the given attributes. Without an instance id, two
 * processes of one service would be one series in Prometheus. The default `service.name` has no path: paths must not become labels.
 */
export function createResource(attributes: Attributes, fromEnvironment: Attributes): Resource {
  const defaultName = resourceFromAttributes({ 'service.name': `unknown_service:${basename(process.argv0)}` })
  return defaultResource()
    .merge(defaultName)
    .merge(detectResources({ detectors: [serviceInstanceIdDetector] }))
    .merge(resourceFromAttributes(fromEnvironment))
    .merge(resourceFromAttributes(attributes))
}
