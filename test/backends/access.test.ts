import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type MonitoringConfig, startMonitoring } from '@wombat/monitor'
import { areInstalled, programPath } from '@wombat/test-support/backend-programs'
import { createAuthority, writeCertificate } from '@wombat/test-support/certificates'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { startPrometheus } from '@wombat/test-support/prometheus'
import { query } from '@wombat/test-support/query'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import bcrypt from 'bcryptjs'
import { describe, expect, onTestFinished, test } from 'vitest'

const tests = { timeout: 60_000 }
const password = 'secret word'

/** Writes certificates of a server and a client, and a file of users. */
async function writeFiles() {
  const folder = await temporaryFolder()
  const [authority, clients] = [await createAuthority(), await createAuthority('Clients')]
  const server = await writeCertificate(folder, await authority.issue('server'))
  const client = await clients.issue('prometheus')
  const paths = ['authority.crt', 'clients.crt', 'client.crt', 'client.key', 'users.yml'].map((name) => join(folder, name))
  const [ca = '', clientCa = '', clientCert = '', clientKey = '', users = ''] = paths
  await writeFile(ca, authority.cert)
  await writeFile(clientCa, clients.cert)
  await writeFile(clientCert, client.cert)
  await writeFile(clientKey, client.key)
  await writeFile(users, `basic_auth_users:\n  prometheus: ${await bcrypt.hash(password, 10)}\n`)
  return { server, ca, clientCa, clientCert, clientKey, users }
}

/** Starts a monitoring of which only the page for Prometheus is served. */
async function serve(config: MonitoringConfig): Promise<string> {
  const logger = collectingLogger()
  const monitoring = await startMonitoring({
    prometheusEnabled: true,
    prometheusPort: 0,
    jsonApiEnabled: false,
    logger,
    ...config,
  })
  onTestFinished(() => monitoring.close())
  return `${monitoring.addresses.prometheus}/metrics`
}

describe.skipIf(!areInstalled('prometheus'))('Prometheus', () => {
  test('scrapes over TLS with a password, a token and a certificate of its own', tests, async () => {
    const { server, ca, clientCa, clientCert, clientKey, users } = await writeFiles()
    const token = 'a-token-of-sixteen-or-more'
    const access = { authUsersFile: users, readOnlyToken: token }
    const open = await serve({ tls: server, ...access })
    const mutual = await serve({ tls: { ...server, clientCa }, ...access })
    const trusted = { ca_file: ca }
    const own = { ...trusted, cert_file: clientCert, key_file: clientKey }
    const user = { username: 'prometheus', password }
    const prometheus = await startPrometheus({
      password: { url: open, fields: { tls_config: trusted, basic_auth: user } },
      token: { url: open, fields: { tls_config: trusted, authorization: { credentials: token } } },
      certificate: { url: mutual, fields: { tls_config: own, basic_auth: user } },
      nothing: { url: open, fields: { tls_config: trusted } },
      wrong_certificate: { url: mutual, fields: { tls_config: trusted, basic_auth: user } },
      wrong_authority: { url: open, fields: { basic_auth: user } },
    })
    const up = async () => {
      const found = await query(prometheus.url, 'up')
      return Object.fromEntries(found.map(({ labels, value }) => [labels['job'], value]))
    }
    await expect
      .poll(up, { timeout: 20_000 })
      .toEqual({ password: 1, token: 1, certificate: 1, nothing: 0, wrong_certificate: 0, wrong_authority: 0 })
  })

  test('accepts the same file of users in its own web configuration', tests, async () => {
    const { users } = await writeFiles()
    const { status, stderr } = spawnSync(programPath('promtool'), ['check', 'web-config', users], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('SUCCESS') })
  })
})
