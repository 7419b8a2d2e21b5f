import { readFileSync } from 'node:fs'

/** Lengths in the format of SQLite's write-ahead log (sqlite.org/fileformat2.html#walformat). */
const headerBytes = 32
const frameHeaderBytes = 24
const magic = 0x377f0682

/**
 * Returns how many pages the write-ahead log of a file contains up to the last commit, and whether its header is damaged: then that is not
 * known. SQLite itself ignores everything behind the first damaged page, and does not report it.
 */
export function countCommittedPages(path: string): { readonly pages: number; readonly isDamaged: boolean } {
  let bytes: Buffer
  try {
    bytes = readFileSync(`${path}-wal`)
  } catch {
    return { pages: 0, isDamaged: false }
  }
  if (bytes.length < headerBytes + frameHeaderBytes) return { pages: 0, isDamaged: false }
  const isHeaderWhole = bytes.readUInt32BE(0) >>> 1 === magic >>> 1 && isHeaderChecksumRight(bytes)
  if (!isHeaderWhole) return { pages: 0, isDamaged: true }
  const frameBytes = frameHeaderBytes + bytes.readUInt32BE(8)
  const salt = bytes.subarray(16, 24)
  let pages = 0
  for (let index = 0; headerBytes + (index + 1) * frameBytes <= bytes.length; index++) {
    const frame = bytes.subarray(headerBytes + index * frameBytes)
    // Frames of earlier rounds have another salt. A commit has the size of the file.
    if (frame.subarray(8, 16).equals(salt) && frame.readUInt32BE(4) > 0) pages = index + 1
  }
  return { pages, isDamaged: false }
}

/** The checksum of SQLite over the first 24 bytes. */
function isHeaderChecksumRight(bytes: Buffer): boolean {
  const isBigEndian = (bytes.readUInt32BE(0) & 1) === 1
  let one = 0
  let two = 0
  for (let offset = 0; offset < 24; offset += 8) {
    const [first, second] = [offset, offset + 4].map((at) => (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)))
    one = (one + (first as number) + two) >>> 0
    two = (two + (second as number) + one) >>> 0
  }
  return one === bytes.readUInt32BE(24) && two === bytes.readUInt32BE(28)
}
