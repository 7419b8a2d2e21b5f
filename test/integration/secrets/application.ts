import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { stopProcess } from '@wombat/test-support/backend-process'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { createDamagedStore } from '@wombat/test-support/damaged-store'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import bcrypt from 'bcryptjs'
import { onTestFinished } from 'vitest'
import type { Report, Task } from './application-process.ts'
import { type RequestOptions, requestAllPaths, signInAndChange } from './requests.ts'
import { createSecrets, type TestSecrets } from './secrets.ts'

/** Everything that left the process, by output. */
export interface ApplicationOutputs {
  readonly secrets: TestSecrets
  /** A name that is not secret and must occur in every output. */
  readonly control: string
  readonly outputs: ReadonlyMap<string, readonly Buffer[]>
}

/** The differences between runs. */
export interface ApplicationOptions {
  /** The text to which the redactor changes error messages; undefined if there is no redactor. */
  readonly redacted: string | undefined
  /** Whether the Collector rejects every request. */
  readonly isRejected: boolean
}

/** Runs the application to its end, and requests every path of its HTTP servers. */
export async function runApplication({ redacted, isRejected }: ApplicationOptions): Promise<ApplicationOutputs> {
  const secrets = createSecrets()
  const control = `control${randomBytes(6).toString('hex')}`
  const [folder, receiver, rejecting] = [await temporaryFolder(), await startOtlpReceiver(), await startOtlpReceiver()]
  rejecting.status = 400
  await mkdir(join(folder, secrets.folder), { recursive: true })
  await createDamagedStore(join(folder, secrets.folder, 'damaged'))
  await mkdir(join(folder, control))
  const historyPath = join(folder, control, 'history.db')
  const [authTokenFile, authUsersFile] = [join(folder, 'tokens'), join(folder, 'users.yml')]
  await writeFile(authTokenFile, `admin ${secrets.fileToken} ${control}\n`)
  const hash = await bcrypt.hash(secrets.password, 4)
  await writeFile(authUsersFile, `basic_auth_users: {${control}: ${hash}}\nadmin_users: [${control}]\n`)
  const child = fork(join(import.meta.dirname, 'application-process.ts'), {
    execArgv: [...nodeFlags, '--conditions=source', `--import=${new URL('../traces/tracing.ts', import.meta.url).href}`],
    env: {
      ...cleanEnvironment(),
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.endpoint}/v1/traces`,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  onTestFinished(() => stopProcess(child))
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => buffer(stream as NodeJS.ReadableStream))
  const exited = once(child, 'exit')
  const failed = exited.then(async ([code]) => {
    throw new Error(`the application exited with ${code}:\n${await stderr}`)
  })
  failed.catch(() => {})
  const task: Task = {
    secrets,
    control,
    folder,
    historyPath,
    authTokenFile,
    authUsersFile,
    receiver: receiver.endpoint,
    rejecting: rejecting.endpoint,
    otlp: isRejected ? rejecting.endpoint : receiver.endpoint,
    ...(redacted !== undefined && { redacted }),
  }
  child.send(task)
  const [report] = (await Promise.race([once(child, 'message'), failed])) as [Report]
  const options: RequestOptions = { urls: report.urls, token: secrets.authToken, control }
  const responses = await requestAllPaths(options)
  responses.set('logins and changes', await signInAndChange(report.urls.at(-1) ?? '', secrets, control))
  const history = await historyFiles(join(folder, control))
  child.send('finish')
  await exited
  const bodies = (path: RegExp) =>
    [...receiver.received, ...rejecting.received].filter((one) => path.test(one.path)).map(({ body }) => body)
  const outputs = new Map<string, readonly Buffer[]>([
    ['standard output', [(await stdout) as Buffer]],
    ['standard error', [(await stderr) as Buffer]],
    ...responses,
    ['metrics over OTLP', bodies(/^\/v1\/metrics/)],
    ['spans over OTLP', bodies(/^\/v1\/traces/)],
    ['notifications of the webhook', bodies(/^\/hook/)],
    ['notifications of Alertmanager', bodies(/^\/api\/v2\/alerts/)],
    ['the file of the history', [...history, ...(await historyFiles(join(folder, control)))]],
    ...Object.entries(report.results).map(([name, text]) => [`in code: ${name}`, [Buffer.from(text)]] as const),
  ])
  return { secrets, control, outputs }
}

/** Returns the bytes of the history file and its journal. */
async function historyFiles(folder: string): Promise<Buffer[]> {
  const names = await readdir(folder)
  return Promise.all(names.map((name) => readFile(join(folder, name))))
}
