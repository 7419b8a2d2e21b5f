import { Hono } from 'hono'
import { openApiDocument } from '../openapi/openapi.ts'

/** Creates `GET /api/v1/openapi.json`: the description of all endpoints. */
export function openApiRoutes(): Hono {
  return new Hono().get('/api/v1/openapi.json', (context) => context.json(openApiDocument))
}
