import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthority, writeCertificate } from '@wombat/test-support/certificates'
import { httpRequest } from '@wombat/test-support/http-request'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import bcrypt from 'bcryptjs'
import { expect, test } from 'vitest'
import { applicationPath, preload, runApplication, startApplication } from './application.ts'

const json = { 'content-type': 'application/json' }
const settings = { method: 'POST', body: JSON.stringify({ slowQueryThresholdMs: 1234 }) }

test('variables alone serve the endpoints over TLS, with tokens, users and certificates of clients, and record changes', async () => {
  const folder = await temporaryFolder()
  const [authority, clients] = [await createAuthority(), await createAuthority('Clients')]
  const files = await writeCertificate(folder, await authority.issue('server'))
  const [clientCa, tokenFile, usersFile] = ['ca.crt', 'tokens', 'users.yml'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(clientCa, clients.cert)
  await writeFile(tokenFile, 'admin admin-token-0123456789 deployment\nread-only reader-token-0123456789 grafana\n')
  await writeFile(usersFile, `basic_auth_users:\n  alice: ${await bcrypt.hash('secret word', 8)}\nadmin_users: [alice]\n`)
  const application = await startApplication(['--import', preload, applicationPath('mjs')], {
    WOMBAT_TLS_CERT: files.cert,
    WOMBAT_TLS_KEY: files.key,
    WOMBAT_TLS_CLIENT_CA: clientCa,
    WOMBAT_AUTH_TOKEN_FILE: tokenFile,
    WOMBAT_AUTH_USERS_FILE: usersFile,
  })
  const [, line = ''] = await application.waitForLine(/^(.*monitoring started.*)\n/m)
  const { json: url } = JSON.parse(line) as { json: string }
  expect(url).toMatch(/^https:/)
  await expect(httpRequest(`${url}/livez`, { tls: { ca: authority.cert } })).rejects.toThrow()
  const tls = { ca: authority.cert, ...(await clients.issue('prometheus')) }
  const ask = async (path: string, authorization: string, options = {}) =>
    (await httpRequest(`${url}${path}`, { tls, headers: { authorization, ...json }, ...options })).status
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  expect(await ask('/api/v1/metrics', 'Bearer reader-token-0123456789')).toBe(200)
  expect(await ask('/api/v1/metrics', basic('alice:wrong word'))).toBe(401)
  expect(await ask('/api/v1/settings', 'Bearer reader-token-0123456789', settings)).toBe(403)
  expect(await ask('/api/v1/settings', 'Bearer admin-token-0123456789', settings)).toBe(200)
  expect(await ask('/api/v1/settings', basic('alice:secret word'), settings)).toBe(200)
  await expect.poll(() => application.written.errors.match(/"who":"alice"/g)).toHaveLength(1)
  const audited = application.written.errors.split('\n').filter((one) => one.includes('over HTTP'))
  expect(audited.map((one) => JSON.parse(one))).toMatchObject([
    { who: 'grafana', change: 'POST /api/v1/settings', result: 'refused', status: 403 },
    { who: 'deployment', address: '127.0.0.1', result: 'changed', details: { slowQueryThresholdMs: 1234 } },
    { who: 'alice', result: 'changed' },
  ])
  expect(application.written.errors).not.toMatch(/token-0123456789|secret word|\$2/)
  application.endInput()
  expect(await application.ended).toBe(0)
})

test('files that cannot be used are reported on one line, and the application runs without monitoring', async () => {
  const { ended, errors } = await runApplication(['--import', preload, applicationPath('cjs')], {
    WOMBAT_TLS_CERT: '/nowhere/server.crt',
    WOMBAT_TLS_KEY: '/nowhere/server.key',
  })
  expect(ended).toBe(0)
  expect(errors).toMatch(
    /^wombat: monitoring is off, .*tls: cert: cannot read "\/nowhere\/server\.crt": the file does not exist\n$/,
  )
})

test('where Node may not start threads, a password is answered with 503, and the log has the flag that allows them', async () => {
  const folder = await temporaryFolder()
  const usersFile = join(folder, 'users.yml')
  await writeFile(usersFile, `basic_auth_users: {alice: ${await bcrypt.hash('secret word', 5)}}`)
  const permissions = [
    '--permission',
    '--allow-fs-read=*',
    '--allow-fs-write=*',
    '--allow-addons',
    '--no-warnings',
    '--allow-net',
  ]
  const known = Number(process.versions.node.split('.')[0]) >= 25 ? permissions : permissions.slice(0, -1)
  const application = await startApplication([...known, '--import', preload, applicationPath('mjs')], {
    WOMBAT_AUTH_USERS_FILE: usersFile,
  })
  const [, line = ''] = await application.waitForLine(/^(.*monitoring started.*)\n/m)
  const { json: url } = JSON.parse(line) as { json: string }
  const authorization = `Basic ${Buffer.from('alice:secret word').toString('base64')}`
  expect((await httpRequest(`${url}/api/v1/metrics`, { headers: { authorization } })).status).toBe(503)
  await application.waitForLine(/the passwords of authUsersFile cannot be compared.*start Node with --allow-worker/)
  application.endInput()
  expect(await application.ended).toBe(0)
})
