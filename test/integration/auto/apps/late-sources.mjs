// Opens many stores with files. Fills the pool of threads at SIGUSR2, until its standard input ends.
import { pbkdf2 } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'

for (let index = 0; index < 300; index++) {
  const db = new ClassicLevel(mkdtempSync(join(tmpdir(), 'store-')))
  await db.put('key', 'value')
}
const fill = () => pbkdf2('password', 'salt', 500_000, 64, 'sha512', fill)
process.on('SIGUSR2', () => {
  for (let index = 0; index < 16; index++) fill()
  console.log('the pool is full')
})
console.log('the stores are open')
process.stdin.resume().on('end', () => process.exit())
