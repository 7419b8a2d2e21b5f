import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** One static file of the console. */
export interface ConsoleFile {
  /** The path below the address of the console; empty for the page itself. */
  readonly path: string
  /** Where the file is. */
  readonly url: URL
  readonly contentType: string
  /** Whether its name changes with its content, so that browsers may keep it for ever. */
  readonly isImmutable: boolean
}

const contentTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
}

/**
 * Returns the static files of the console. The page refers to the others by relative paths, so it can be served below any path that ends in
 * a slash.
 *
 * @throws Error if the files are missing: the package is not complete, or an application was bundled with it and is not installed beside it.
 */
export function consoleFiles(): ConsoleFile[] {
  // Not relative to this module: in a bundled application, that would be a folder of the application.
  const manifest = createRequire(import.meta.url).resolve('@wombat/console/package.json')
  const folder = new URL('dist/page/', pathToFileURL(manifest))
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const contentType = contentTypes[name.slice(name.lastIndexOf('.') + 1)]
    if (contentType === undefined) return []
    const path = name.replaceAll('\\', '/')
    return [
      {
        path: path === 'index.html' ? '' : path,
        url: new URL(path, folder),
        contentType,
        isImmutable: path.startsWith('assets/'),
      },
    ]
  })
}
