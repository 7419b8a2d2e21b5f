import { type Answer, boolean, choice, type EndpointGroup, failure, json, object, ref, text, timeMs } from './description.ts'

const empty = (description: string): Answer => ({ description })

/** The answer to a change that the client may not make. */
export const refusedChange = failure(
  'The client is read-only or may not change anything, or the request is not from the console: without the token, it needs the header `X-Wombat-Csrf` and the same origin.',
)

/** The answers to a body that cannot be used. */
export const refusedBody = {
  413: failure('The body is too long.'),
  415: failure('The body is not JSON.'),
}

/** `/api/v1/session`. */
export const sessionEndpoints: EndpointGroup = {
  paths: {
    '/api/v1/session': {
      get: {
        summary: 'Whether the client is signed in, and what it needs to change something',
        description: 'If something is required and the client has not shown it, only the first three fields.',
        responses: { 200: json(ref('Session'), 'The session') },
        security: [{}],
      },
      post: {
        summary: 'Sign in: starts a session, whose cookie replaces the token or the password for 12 hours',
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                oneOf: [
                  object({ token: text('the option `authToken`, or another token that is accepted') }),
                  object({ user: text('a user of `authUsersFile`'), password: text() }),
                ],
              },
            },
          },
        },
        responses: {
          204: empty('Signed in'),
          400: failure('The body is not valid, or nothing is required.'),
          401: failure('The token, or the user or the password, is wrong.'),
          403: failure('The request is from another origin.'),
          ...refusedBody,
          429: failure('Too many logins have failed: try again after the seconds in `Retry-After`.'),
          503: failure('Passwords cannot be compared now.'),
        },
        security: [{}],
      },
      delete: {
        summary: 'Sign out: ends the session',
        responses: { 204: empty('Signed out'), 403: refusedChange },
        security: [{}],
      },
    },
  },
  schemas: {
    Session: object({
      authentication: choice(['none', 'token', 'password', 'both'], 'what clients can sign in with; `none`: nothing is required'),
      signedIn: boolean(),
      canChange: boolean('whether the client may change something, with `csrfToken` or the token'),
      'user?': text('name of the token or the user'),
      'scope?': choice(['read-only', 'admin'], 'what the client may do; left out if nothing is required'),
      'csrfToken?': text('value of the header `X-Wombat-Csrf` of every change without the token'),
      'service?': object({ 'name?': text(), 'version?': text() }, 'the application'),
      'version?': text('the version of the monitor'),
      'startedAtMs?': timeMs('when the monitoring started'),
    }),
  },
}
