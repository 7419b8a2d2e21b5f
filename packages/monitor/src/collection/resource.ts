import cluster from 'node:cluster'
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
 * `service.instance.id`, those of the environment, the given attributes. Without an instance id of its own, two
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
    .merge(resourceFromAttributes(withOwnInstanceId(fromEnvironment)))
    .merge(resourceFromAttributes(attributes))
}

/**
 * Returns attributes of the environment in which `service.instance.id` is that of this process: the processes that node:cluster, PM2 or
 * `fork` start inherit the same environment, so that the id alone would be that of all of them.
 */
export function withOwnInstanceId(attributes: Attributes): Attributes {
  const id = attributes[instanceId]
  const process = id === undefined ? undefined : processSuffix()
  return process === undefined ? attributes : { ...attributes, [instanceId]: `${id}-${process}` }
}

const instanceId = 'service.instance.id'

/** Returns what tells this process apart from others with the same environment; undefined if there are none. */
function processSuffix(): string | undefined {
  if (cluster.isWorker) return String(cluster.worker?.id ?? process.pid)
  const { pm_id: pm2Id } = process.env
  if (pm2Id !== undefined) return pm2Id
  // Only processes that were started by `fork` have a channel to their parent.
  return process.channel === undefined || process.channel === null ? undefined : String(process.pid)
}
