import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parseAllDocuments } from 'yaml'

export type Fields = Readonly<Record<string, string>>
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly periodSeconds: number
  readonly timeoutSeconds: number
  readonly failureThreshold: number
}
interface SecretKey {
  readonly name: string
  readonly key: string
}
export interface Deployment {
  readonly spec: {
    readonly selector: { readonly matchLabels: Fields }
    readonly template: { readonly metadata: { readonly labels: Fields }; readonly spec: PodSpec }
  }
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly [Container]
  readonly volumes: ReadonlyArray<{ readonly name: string; readonly persistentVolumeClaim?: { readonly claimName: string } }>
}
interface Container {
  readonly env: ReadonlyArray<{
    readonly name: string
    readonly value?: string
    readonly valueFrom?: { readonly secretKeyRef: SecretKey }
  }>
  readonly ports: ReadonlyArray<{ readonly name: string; readonly containerPort: number }>
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } }
  readonly resources: { readonly limits: Fields }
  readonly volumeMounts: ReadonlyArray<{ readonly name: string }>
}
export interface PodMonitor {
  readonly spec: {
    readonly selector: { readonly matchLabels: Fields }
    readonly podMetricsEndpoints: ReadonlyArray<{
      readonly port: string
      readonly path: string
      readonly authorization: { readonly type: string; readonly credentials: SecretKey }
    }>
  }
}
export interface NetworkPolicy {
  readonly spec: {
    readonly podSelector: { readonly matchLabels: Fields }
    readonly ingress: ReadonlyArray<{ readonly from?: object; readonly ports: ReadonlyArray<{ readonly port: string }> }>
  }
}

const folder = join(import.meta.dirname, '../../examples/kubernetes')

/** Returns the only document of a file, parsed without errors and warnings. */
export function manifest(name: string): unknown {
  const [document, ...others] = parseAllDocuments(readFileSync(join(folder, name), 'utf8'), { version: '1.2', strict: true })
  if (document === undefined || !('errors' in document)) throw new Error(`${name} is empty`)
  expect([...document.errors, ...document.warnings, ...others]).toEqual([])
  return document.toJS()
}
