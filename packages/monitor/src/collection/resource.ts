import { basename } from 'node:path'
import type { Attributes } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'

/** The attributes of a resource. */
export interface ResourceAttributes {
  /** Those of the configuration. */
  readonly attributes: Attributes
  /** Those of OpenTelemetry's variables. */
  readonly fromEnvironment: Attributes
}

/**
 * Creates the resource of the exported metrics. Later sources override earlier ones: OpenTelemetry's defaults, a random
 * `service.instance.id`, those of the environment, the given attributes. Without an instance id, two
 * processes of one service would be one series in Prometheus. The default `service.name` has no path: paths must not become labels.
 *
 * @param resources the module, which is loaded only if it is needed.
 */
export function createResource(
  resources: typeof import('@opentelemetry/resources'),
  { attributes, fromEnvironment }: ResourceAttributes,
): Resource {
  const { defaultResource, detectResources, resourceFromAttributes, serviceInstanceIdDetector } = resources
  const defaultName = resourceFromAttributes({ 'service.name': `unknown_service:${basename(process.argv0)}` })
  return defaultResource()
    .merge(defaultName)
    .merge(detectResources({ detectors: [serviceInstanceIdDetector] }))
    .merge(resourceFromAttributes(fromEnvironment))
    .merge(resourceFromAttributes(attributes))
}
