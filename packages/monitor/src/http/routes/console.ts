import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ConsoleFile } from '@wombat/console'
import { type Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'
import type { Logger } from '../../logger.ts'
import { errorMessage } from '../../validation/error-message.ts'

export interface ConsoleRoutesOptions {
  readonly isEnabled: boolean
  readonly logger: Logger
  /** Returns the files of the console (default: those of the package `@wombat/console`). @throws Error if there are none. */
  readonly loadFiles?: () => Promise<readonly ConsoleFile[]>
}

/** Nothing from another origin, and no code or style inside the page. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const disabledText = `The console is off. It is on by default only if \`host\` is a loopback address.
To turn it on, set consoleEnabled: true, or WOMBAT_CONSOLE_ENABLED=true in the environment, and start the process again.
Or run it on your own machine: npx @wombat/console --connect URL
`

const missingText = `The files of the console are not here: the package @wombat/console is not installed, or the application is bundled without it.
Install @wombat/console beside the application, or run it on your own machine: npx @wombat/console --connect URL
`

/** A file as it is sent. */
interface Content {
  readonly file: ConsoleFile
  readonly body: Uint8Array<ArrayBuffer>
  readonly compressed: Uint8Array<ArrayBuffer>
  readonly etag: string
}

const compress = promisify(gzip)

/**
 * Creates `GET /`, the page of the console, and its files. They contain no data and need no token: the page asks for it. They are read and
 * compressed once. Without the files, `/` is a 503 with the remedy, which is logged once; with `isEnabled: false` it is a 404.
 */
export function consoleRoutes({ isEnabled, logger, loadFiles = loadConsoleFiles }: ConsoleRoutesOptions): Hono {
  if (!isEnabled) return new Hono().get('/', (context) => context.text(disabledText, 404, { 'cache-control': 'no-store' }))
  const contents = new Map<string, Promise<Content>>()
  let loading: Promise<ReadonlyMap<string, ConsoleFile> | undefined> | undefined
  const load = async (): Promise<ReadonlyMap<string, ConsoleFile> | undefined> => {
    try {
      const files = new Map((await loadFiles()).map((file) => [file.path, file]))
      if (!files.has('')) throw new Error('the page is missing')
      return files
    } catch (error) {
      const [reason] = errorMessage(error).split('\n')
      logger.warn({ reason }, 'the console cannot be served: install @wombat/console beside the application')
      return undefined
    }
  }
  const serve = async (context: Context): Promise<Response> => {
    loading ??= load()
    const files = await loading
    if (files === undefined) return context.text(missingText, 503, { 'cache-control': 'no-store' })
    const path = context.req.path.slice(1)
    const file = files.get(path)
    if (file === undefined) return context.notFound()
    let content = contents.get(path)
    if (content === undefined) {
      content = readContent(file)
      contents.set(path, content)
      // A file that cannot be read now may be readable later.
      content.catch(() => contents.delete(path))
    }
    return respond(context, await content)
  }
  return new Hono().get('/', serve).get('/assets/*', serve).get('/:file{[\\w-]+\\.[a-z]+}', serve)
}

/** Loads the package only if someone opens the console. */
async function loadConsoleFiles(): Promise<readonly ConsoleFile[]> {
  const { consoleFiles } = await import('@wombat/console')
  return consoleFiles()
}

async function readContent(file: ConsoleFile): Promise<Content> {
  const body = await readFile(file.url)
  const compressed = await compress(body, { level: 9 })
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22)
  // Weak: the compressed file has the same one.
  return { file, body, compressed, etag: `W/"${hash}"` }
}

function respond(context: Context, { file, body, compressed, etag }: Content): Response {
  context.header('content-security-policy', contentSecurityPolicy)
  context.header('cache-control', file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
  context.header('etag', etag)
  context.header('vary', 'Accept-Encoding')
  if (isCached(context.req.header('if-none-match'), etag)) return context.body(null, 304)
  context.header('content-type', file.contentType)
  const encoding = accepts(context, { header: 'Accept-Encoding', supports: ['gzip', 'identity'], default: 'identity' })
  if (encoding !== 'gzip') return context.body(body)
  context.header('content-encoding', 'gzip')
  return context.body(compressed)
}

function isCached(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const opaque = (tag: string): string => tag.trim().replace(/^W\//, '')
  return header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(etag))
}
