const brokenConnection = 'the connection was closed; if the process is behind TLS, use an https:// URL'
const untrustedCertificate = 'its certificate is signed by an unknown authority; add the authority with NODE_EXTRA_CA_CERTS'

const networkProblems: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; check that the process runs and that the port is that of its JSON API (jsonApiPort)',
  ENOTFOUND: 'unknown host name; check the URL',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
  ECONNRESET: brokenConnection,
  UND_ERR_SOCKET: brokenConnection,
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s; check the host and its firewall',
  UND_ERR_HEADERS_TIMEOUT: 'no response within 5 min; the process may be blocked',
  EHOSTUNREACH: 'the host is unreachable; check the URL and the network',
  ENETUNREACH: 'the network is unreachable',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not use TLS; use an http:// URL',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not use TLS; use an http:// URL',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; add it with NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrustedCertificate,
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

/** Describes why a request got no response, and what to do. */
export function describeNetworkProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no response in time; the process may be blocked'
  if (error.cause instanceof Error && error.cause.name === 'HTTPParserError') return 'the response is not HTTP; check the port'
  const { code } = (error.cause ?? error) as { code?: unknown }
  if (typeof code === 'string') return networkProblems[code] ?? code
  return error.cause instanceof Error ? error.cause.message : error.message
}
