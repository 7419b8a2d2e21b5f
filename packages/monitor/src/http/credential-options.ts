/** What clients may show. If nothing is given, nothing is required. */
export interface CredentialOptions {
  readonly authToken?: string | undefined
  readonly readOnlyToken?: string | undefined
  /** Path of a file with tokens. */
  readonly authTokenFile?: string | undefined
  /** Path of a file with users. */
  readonly authUsersFile?: string | undefined
}

/** Returns whether clients must show something. */
export function isAuthenticationRequired(options: CredentialOptions): boolean {
  const { authToken, readOnlyToken, authTokenFile, authUsersFile } = options
  return (authToken ?? readOnlyToken ?? authTokenFile ?? authUsersFile) !== undefined
}
