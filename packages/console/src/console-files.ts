import { readdirSync } from 'node:fs'

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

/** The names of the folder above this module differ between the sources and the bundle. */
const folder = new URL(import.meta.url.includes('/dist/') ? '../page/' : '../dist/page/', import.meta.url)

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
 * @throws Error if the files are missing: the package is not complete.
 */
export function consoleFiles(): ConsoleFile[] {
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
