/**
 * Returns the name under which a browser keeps a cookie of the process. Browsers send a cookie of a loopback address to every port of it,
 * so the name has the port of the proxy: the sessions of several consoles do not replace each other.
 */
function suffixOf(host: string): string {
  return `_${/:(\d+)$/.exec(host)?.[1] ?? '80'}`
}

/**
 * Returns the cookies of a request that the process has set through this proxy, under their own names; undefined if there are none. Those of
 * other applications on this machine are left out.
 */
export function cookiesForTarget(cookies: string, host: string): string | undefined {
  const suffix = suffixOf(host)
  const own = cookies.split('; ').flatMap((pair) => {
    const [name = '', ...value] = pair.split('=')
    return name.endsWith(suffix) ? [`${name.slice(0, -suffix.length)}=${value.join('=')}`] : []
  })
  return own.length === 0 ? undefined : own.join('; ')
}

/** Returns a `Set-Cookie` header of the process for the browser: for all paths of the proxy, which is on a loopback address without TLS. */
export function cookieForBrowser(setCookie: string, host: string): string {
  const [pair = '', ...attributes] = setCookie.split(/; */)
  const [name = '', ...value] = pair.split('=')
  const kept = attributes.filter((attribute) => !/^(path|domain)=|^(secure|partitioned)$/i.test(attribute))
  return [`${name}${suffixOf(host)}=${value.join('=')}`, 'Path=/', ...kept].join('; ')
}
