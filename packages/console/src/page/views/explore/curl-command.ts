/** Returns a command that asks for an address. The token is read from the variable `TOKEN` of the shell, so that it is in no history. */
export function formatCurl(address: URL, { needsToken }: { readonly needsToken: boolean }): string {
  const header = needsToken ? '-H "authorization: Bearer $TOKEN" ' : ''
  return `curl ${header}${quoteForShell(address.href)}`
}

/** Returns a text as one word of a POSIX shell: in single quotes, nothing has a meaning but the quote itself. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
