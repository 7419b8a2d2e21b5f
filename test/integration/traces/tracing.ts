// The preload of an application: OpenTelemetry with HTTP instrumentation and, if STORES is `found`, ours.
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { hookImports, WombatInstrumentation } from '@wombat/instrumentation/auto'

const isFound = process.env['STORES'] === 'found'
if (isFound) hookImports()
const name = (store: object): string => basename(String(Reflect.get(store, 'location')))
const found = isFound ? [new WombatInstrumentation({ spans: true, name })] : []
new NodeSDK({ traceExporter: new OTLPTraceExporter(), instrumentations: [new HttpInstrumentation(), ...found] }).start()
// Built-in modules are instrumented when they are required; ES modules get the same exports after a sync.
const require = createRequire(import.meta.url)
require('node:http')
require('node:https')
syncBuiltinESMExports()
