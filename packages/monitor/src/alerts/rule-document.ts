import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'

/** The content of a rule file as JSON, in parts, so that it can be read in slices. */
export interface RuleDocument {
  /** The content; without its rules, if it has a list of them. */
  readonly content: string
  /** Lists of a few rules. Undefined if the content has no list of rules. */
  readonly rules: readonly string[] | undefined
  readonly problems: readonly DocumentProblem[]
  /** The lines of the paths that were asked for. */
  readonly lines: readonly number[]
}

/** What is wrong with a text, and where. Contains nothing of the text: a file of secrets may be given by mistake. */
export interface DocumentProblem {
  readonly line: number | undefined
  readonly text: string
}

/** Where a value is: keys of objects and indexes of lists. */
export type DocumentPath = ReadonlyArray<string | number>

/** A longer text is read in a thread of its own: 4 KiB of YAML take a few milliseconds, 1 MiB takes more than a second. */
const maxInlineLength = 4096

/** After this time, reading a text is given up, in milliseconds: 10 MiB of rules take less than half of it. */
const timeLimitMs = 60_000

/** A thread that needs more memory ends. 10 MiB of YAML need less. */
const resourceLimits = { maxOldGenerationSizeMb: 2048 }

/** Reads YAML or JSON at once. */
export function readDocument(text: string, paths: readonly DocumentPath[] = []): RuleDocument {
  const require = createRequire(import.meta.url)
  return convertDocument(require(yamlPath(require)), text, paths)
}

/** Reads YAML or JSON in a thread of its own if it is long. If no thread can be started, the event loop is held. */
export async function readDocumentInThread(text: string, paths: readonly DocumentPath[] = []): Promise<RuleDocument> {
  if (text.length <= maxInlineLength) return readDocument(text, paths)
  const require = createRequire(import.meta.url)
  const workerData = { yaml: yamlPath(require), text, paths }
  let worker: Worker
  try {
    worker = new Worker(program, { eval: true, workerData, resourceLimits, execArgv: [], env: {}, stdout: true, stderr: true })
  } catch {
    // Node's permission model refuses threads without --allow-worker.
    return readDocument(text, paths)
  }
  const failure = (reason: string): RuleDocument => ({
    content: 'null',
    rules: undefined,
    problems: [{ line: undefined, text: reason }],
    lines: [],
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise((resolve) => {
      timer = setTimeout(() => resolve(failure(`takes longer than ${timeLimitMs / 1000} s to read`)), timeLimitMs)
      worker.once('message', resolve)
      worker.once('error', (error: NodeJS.ErrnoException) => resolve(failure(`cannot be read: ${error.code ?? error.name}`)))
      worker.once('exit', () => resolve(failure('cannot be read: its thread has ended')))
    })
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}

/** Loaded with the first rule file: most processes have none, and it takes 3 MiB. */
function yamlPath(require: NodeJS.Require): string {
  return require.resolve('yaml')
}

/** Converts a text to JSON. It runs in a thread of its own, too, so that it refers to nothing outside of it. */
function convertDocument(yaml: typeof import('yaml'), text: string, paths: readonly DocumentPath[]): RuleDocument {
  const maxProblems = 20
  const rulesInPart = 50
  const maxExpandedLength = 40 * 1024 * 1024
  const counter = new yaml.LineCounter()
  const lineOf = (offset: number | undefined): number | undefined =>
    offset === undefined ? undefined : counter.linePos(offset).line
  const failed = (problems: readonly DocumentProblem[]): RuleDocument => ({
    content: 'null',
    rules: undefined,
    problems,
    lines: [],
  })
  let document: import('yaml').Document.Parsed
  try {
    // With "error", what the library prints as a warning, which may contain a key, is not printed.
    document = yaml.parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    const isTooDeep = error instanceof RangeError
    return failed([{ line: undefined, text: isTooDeep ? 'is nested too deeply: write it flat' : 'is not valid YAML' }])
  }
  if (document.errors.length > 0) {
    return failed(
      document.errors.slice(0, maxProblems).map(({ code, pos }) => {
        return { line: lineOf(pos[0]), text: `is not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})` }
      }),
    )
  }
  const aliases = 'refers to an alias too often or to itself, or to none that exists: write out what the alias stands for'
  try {
    const content: unknown = document.toJS({ maxAliasCount: 100 })
    const findLine = (path: DocumentPath): number => {
      let node: unknown = document.contents
      let offset = 0
      for (const key of path) {
        if (yaml.isMap(node)) {
          const pair = node.items.find((item) => yaml.isScalar(item.key) && item.key.value === key)
          if (pair === undefined) break
          offset = (yaml.isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? offset
          node = pair.value
        } else if (yaml.isSeq(node)) {
          node = node.items[Number(key)]
          offset = (yaml.isNode(node) ? node.range?.[0] : undefined) ?? offset
        } else break
      }
      return counter.linePos(offset).line
    }
    const lines = paths.map(findLine)
    const list: unknown = typeof content === 'object' && content !== null && 'rules' in content ? content.rules : undefined
    if (!Array.isArray(list)) return { content: JSON.stringify(content) ?? 'null', rules: undefined, problems: [], lines }
    const rules: string[] = []
    let length = 0
    for (let index = 0; index < list.length; index += rulesInPart) {
      const part = JSON.stringify(list.slice(index, index + rulesInPart))
      length += part.length
      if (length > maxExpandedLength) return failed([{ line: undefined, text: aliases }])
      rules.push(part)
    }
    return { content: JSON.stringify({ ...(content as object), rules: undefined }), rules, problems: [], lines }
  } catch {
    return failed([{ line: undefined, text: aliases }])
  }
}

const program = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { yaml, text, paths } = workerData
  parentPort.postMessage((${convertDocument})(require(yaml), text, paths))
`
