import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Server, ServerOptions } from 'node:https'
import { resolve } from 'node:path'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Component } from '../component.ts'
import { ConfigError } from '../config/errors.ts'
import type { TlsOptions } from '../config/structured-options.ts'
import type { Logger } from '../logger.ts'
import { errorMessage } from '../validation/error-message.ts'
import { ReloadedFiles, readSmallFile } from './reloaded-files.ts'

export interface ServerTlsOptions {
  readonly files: TlsOptions
  readonly logger: Logger
  readonly registry?: MetricsRegistry | undefined
}

/** TLS 1.0 and 1.1 are deprecated (RFC 8996). */
const minVersion = 'TLSv1.2'

/** As long as a slow client may need. */
const handshakeTimeoutMs = 10_000

/** The certificate and the key of the HTTP servers, as the files have them now. Connections that are open stay open when they change. */
export class ServerTls implements Component {
  readonly #options: ServerTlsOptions
  readonly #reload: ReloadedFiles
  readonly #servers = new Set<Server>()
  readonly #loggedFailures = new Set<string>()
  #loaded: { readonly context: SecureContextOptions; readonly expiresAtMs: number } | undefined
  #removeGauge: () => void = () => {}

  constructor(options: ServerTlsOptions) {
    const { logger, registry } = options
    const { cert, key, clientCa } = options.files
    // The application may change its working directory before they are read again.
    const files = { cert: resolve(cert), key: resolve(key), clientCa: clientCa === undefined ? undefined : resolve(clientCa) }
    this.#options = { ...options, files }
    const paths = [files.cert, files.key, files.clientCa].filter((path) => path !== undefined)
    this.#reload = new ReloadedFiles({ option: 'tls', paths, load: () => this.#load(), logger, registry })
  }

  /** Whether clients must have a certificate. */
  get isMutual(): boolean {
    return this.#options.files.clientCa !== undefined
  }

  /** Reads the files. @throws ConfigError with the file that cannot be used, and why. */
  async start(): Promise<void> {
    try {
      await this.#reload.start()
    } catch (error) {
      throw new ConfigError([errorMessage(error)])
    }
    const { registry } = this.#options
    this.#removeGauge =
      registry?.gauge('wombat_monitor_tls_certificate_remaining_seconds').observe(() => {
        return this.#loaded && (this.#loaded.expiresAtMs - Date.now()) / 1000
      }) ?? this.#removeGauge
    registry?.counter('wombat_monitor_tls_handshake_failures_total')
  }

  close(): void {
    this.#reload.close()
    this.#removeGauge()
    this.#servers.clear()
  }

  /** Creates a server that uses the files as they are at each new connection. @throws Error if the files have not been read. */
  createServer(options: ServerOptions = {}): Server {
    if (this.#loaded === undefined) throw new Error('the TLS files have not been read: call start() first')
    const { createServer } = process.getBuiltinModule('node:https')
    const server = createServer({
      ...options,
      ...this.#loaded.context,
      requestCert: this.isMutual,
      rejectUnauthorized: this.isMutual,
      handshakeTimeout: handshakeTimeoutMs,
    })
    server.on('tlsClientError', (error: NodeJS.ErrnoException) => this.#recordFailure(error))
    this.#servers.add(server)
    server.once('close', () => this.#servers.delete(server))
    return server
  }

  async #load(): Promise<void> {
    const { files, logger } = this.#options
    const read = async (field: keyof TlsOptions, path: string): Promise<string> => {
      try {
        return await readSmallFile(path)
      } catch (error) {
        throw new Error(`${field}: ${errorMessage(error)}`)
      }
    }
    const { cert: certPath, key: keyPath, clientCa: caPath } = files
    const [cert, key, ca] = await Promise.all([
      read('cert', certPath),
      read('key', keyPath),
      caPath === undefined ? undefined : read('clientCa', caPath),
    ])
    const [leaf, ...chain] = parseCertificates('cert', certPath, cert)
    if (leaf === undefined) throw new Error('cert: there is no certificate')
    if (!leaf.checkPrivateKey(parseKey(keyPath, key))) {
      throw new Error(`key: the key in ${JSON.stringify(keyPath)} is not that of the certificate in ${JSON.stringify(certPath)}`)
    }
    if (ca !== undefined && caPath !== undefined) parseCertificates('clientCa', caPath, ca)
    const context = { cert, key, ...(ca !== undefined && { ca }), minVersion } as const
    try {
      createSecureContext(context)
    } catch (error) {
      throw new Error(`OpenSSL does not accept the certificate or the key: ${errorMessage(error)}`)
    }
    const expiresAtMs = Math.min(...[leaf, ...chain].map((one) => Date.parse(one.validTo)))
    this.#loaded = { context, expiresAtMs }
    for (const server of this.#servers) server.setSecureContext(context)
    const nowMs = Date.now()
    const validFromMs = Date.parse(leaf.validFrom)
    if (expiresAtMs <= nowMs) logger.error({ expiresAtMs }, 'the TLS certificate has expired, and clients reject it: renew it')
    else if (validFromMs > nowMs) logger.error({ validFromMs }, 'the TLS certificate is not valid yet, and clients reject it')
  }

  /** Clients that do not trust the certificate, or have none, end here. Each kind is logged once: any client can cause it. */
  #recordFailure({ code = 'unknown' }: NodeJS.ErrnoException): void {
    const { logger, registry } = this.#options
    registry?.incrementCounter('wombat_monitor_tls_handshake_failures_total')
    if (this.#loggedFailures.has(code) || this.#loggedFailures.size >= maxFailuresLogged) return
    this.#loggedFailures.add(code)
    const hint = handshakeHints[code]
    logger.warn(
      { code },
      `a client could not connect over TLS${hint === undefined ? '' : `: ${hint}`}; further ones are only counted, in wombat_monitor_tls_handshake_failures_total`,
    )
  }
}

const maxFailuresLogged = 20

/** What clients usually did. */
const handshakeHints: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'it sent plain HTTP: use an address that begins with https',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'it has no certificate, and tls.clientCa requires one',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it does not know TLS 1.2 or later',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not trust the authority of the certificate',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'it does not accept the certificate',
  ECONNRESET: 'it ended the connection during the handshake',
}

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** @throws Error if the text has no certificate, or one that cannot be read. */
function parseCertificates(field: keyof TlsOptions, path: string, text: string): X509Certificate[] {
  const found = text.match(certificatePattern) ?? []
  if (found.length === 0) {
    throw new Error(`${field}: ${JSON.stringify(path)} has no certificate: it must be a PEM file with BEGIN CERTIFICATE`)
  }
  return found.map((pem, index) => {
    try {
      return new X509Certificate(pem)
    } catch {
      throw new Error(`${field}: certificate ${index + 1} of ${JSON.stringify(path)} cannot be read`)
    }
  })
}

/** @throws Error that never quotes the text. */
function parseKey(path: string, text: string) {
  try {
    return createPrivateKey(text)
  } catch {
    const isEncrypted = /ENCRYPTED/.test(text)
    const reason = isEncrypted
      ? 'is encrypted: decrypt it'
      : 'has no private key that can be used: it must be a PEM file with PRIVATE KEY'
    throw new Error(`key: ${JSON.stringify(path)} ${reason}`)
  }
}
