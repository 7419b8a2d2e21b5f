// An application's own preload: OpenTelemetry with its HTTP instrumentation and, where it is to find the stores, ours.
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
// Modules of Node's are seen when they are required; then what `import` gives is to be the same.
const require = createRequire(import.meta.url)
require('node:http')
require('node:https')
syncBuiltinESMExports()
