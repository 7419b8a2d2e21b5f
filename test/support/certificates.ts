import { webcrypto } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
// What the library of certificates needs of the language and brings not itself.
import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  cryptoProvider,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

// Its types are those of a browser.
cryptoProvider.set(webcrypto as never)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A certificate and its private key, as PEM texts. */
export interface IssuedCertificate {
  readonly cert: string
  readonly key: string
}

interface CertificateOptions {
  /** When the certificate expires (default: tomorrow). */
  readonly notAfter?: Date
  readonly notBefore?: Date
}

/** A certificate authority for tests. */
export interface CertificateAuthority extends IssuedCertificate {
  /** Issues a certificate for 127.0.0.1, `localhost` and `monitor.example.org`, or for a client. */
  issue(name: string, options?: CertificateOptions): Promise<IssuedCertificate>
}

const dayMs = 86_400_000
let lastSerial = 0

function serialNumber(): string {
  return (++lastSerial).toString(16).padStart(4, '0')
}

function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>
}

async function toPem(certificate: X509Certificate, { privateKey }: webcrypto.CryptoKeyPair): Promise<IssuedCertificate> {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey)).toString('base64')
  const key = `-----BEGIN PRIVATE KEY-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`
  return { cert: `${certificate.toString('pem')}\n`, key }
}

/** Creates a certificate authority. */
export async function createAuthority(name = 'Test authority'): Promise<CertificateAuthority> {
  const keys = await createKeys()
  const authority = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  })
  const issue = async (subject: string, options: CertificateOptions = {}): Promise<IssuedCertificate> => {
    const { notBefore = new Date(Date.now() - dayMs), notAfter = new Date(Date.now() + dayMs) } = options
    const own = await createKeys()
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: `CN=${subject}`,
      issuer: authority.subject,
      notBefore,
      notAfter,
      signingAlgorithm: algorithm,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new SubjectAlternativeNameExtension([
          { type: 'ip', value: '127.0.0.1' },
          { type: 'dns', value: 'localhost' },
          { type: 'dns', value: 'monitor.example.org' },
        ]),
      ],
    })
    return toPem(certificate, own)
  }
  return { ...(await toPem(authority, keys)), issue }
}

/** Writes a certificate and its key to files in a folder. Returns their paths. */
export async function writeCertificate(
  folder: string,
  { cert, key }: IssuedCertificate,
): Promise<{ readonly cert: string; readonly key: string }> {
  const paths = { cert: join(folder, 'server.crt'), key: join(folder, 'server.key') }
  await writeFile(paths.cert, cert)
  await writeFile(paths.key, key)
  return paths
}
