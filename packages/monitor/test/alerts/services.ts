import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { z } from 'zod'

/** A service that receives alerts: what it accepts, as its documentation says, and how it answers. */
interface Service {
  readonly path: RegExp
  readonly headers?: z.ZodType
  readonly body: z.ZodType
  readonly status: number
  readonly answer: string
}

const httpsUrl = z.url({ protocol: /^https?$/ })

const slack: Service = {
  path: /^\/services\/T0\/B0\/secret$/,
  body: z.strictObject({
    text: z.string().min(1).max(40_000),
    attachments: z
      .array(
        z.strictObject({
          color: z.string().regex(/^#[0-9a-f]{6}$/),
          fallback: z.string(),
          blocks: z
            .array(
              z.strictObject({
                type: z.literal('section'),
                // "&", "<" and ">" must be escaped, but for links.
                text: z.strictObject({ type: z.literal('mrkdwn'), text: z.string().min(1).max(3000) }),
              }),
            )
            .max(50),
        }),
      )
      .max(100),
  }),
  status: 200,
  answer: 'ok',
}

const discord: Service = {
  path: /^\/api\/webhooks\/1\/secret$/,
  body: z.strictObject({
    content: z.string().max(2000).optional(),
    embeds: z
      .array(
        z.strictObject({
          title: z.string().max(256),
          description: z.string().max(4096),
          color: z.int().min(0).max(0xffffff),
          timestamp: z.iso.datetime(),
          url: httpsUrl.optional(),
        }),
      )
      .min(1)
      .max(10),
    allowed_mentions: z.strictObject({ parse: z.array(z.enum(['roles', 'users', 'everyone'])) }),
  }),
  status: 204,
  answer: '',
}

const textBlock = z.strictObject({
  type: z.literal('TextBlock'),
  text: z.string().min(1),
  weight: z.enum(['Default', 'Lighter', 'Bolder']).optional(),
  size: z.enum(['Small', 'Default', 'Medium', 'Large', 'ExtraLarge']).optional(),
  color: z.enum(['Default', 'Dark', 'Light', 'Accent', 'Good', 'Warning', 'Attention']).optional(),
  wrap: z.boolean().optional(),
})

const teams: Service = {
  path: /^\/workflows\/secret\/triggers\/manual\/paths\/invoke\?sig=secret$/,
  body: z
    .strictObject({
      type: z.literal('message'),
      attachments: z
        .array(
          z.strictObject({
            contentType: z.literal('application/vnd.microsoft.card.adaptive'),
            contentUrl: z.null(),
            content: z.strictObject({
              $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
              type: z.literal('AdaptiveCard'),
              version: z.enum(['1.0', '1.1', '1.2', '1.3', '1.4', '1.5']),
              body: z.array(textBlock).min(1),
              actions: z
                .array(z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string(), url: httpsUrl }))
                .max(5)
                .optional(),
            }),
          }),
        )
        .length(1),
    })
    .refine((body) => JSON.stringify(body).length <= 28 * 1024),
  status: 202,
  answer: '',
}

const dedupKey = z.string().min(1).max(255)
const pagerduty: Service = {
  path: /^\/v2\/enqueue$/,
  body: z.discriminatedUnion('event_action', [
    z.strictObject({
      event_action: z.literal('trigger'),
      routing_key: z.string().length(32),
      dedup_key: dedupKey,
      payload: z.strictObject({
        summary: z.string().min(1).max(1024),
        source: z.string().min(1),
        severity: z.enum(['critical', 'error', 'warning', 'info']),
        timestamp: z.iso.datetime(),
        component: z.string(),
        class: z.string(),
        custom_details: z.record(z.string(), z.string()),
      }),
      links: z.array(z.strictObject({ href: httpsUrl, text: z.string() })).optional(),
    }),
    z.strictObject({ event_action: z.literal('resolve'), routing_key: z.string().length(32), dedup_key: dedupKey }),
  ]),
  status: 202,
  answer: '{"status":"success","message":"Event processed"}',
}

const opsgenie: Service = {
  path: /^\/v2\/alerts(\/[^/?]{1,512}\/close\?identifierType=alias)?$/,
  headers: z.looseObject({ authorization: z.string().regex(/^GenieKey \S+$/) }),
  body: z.union([
    z.strictObject({
      message: z.string().min(1).max(130),
      alias: z.string().max(512),
      description: z.string().max(15_000),
      details: z.record(z.string(), z.string()).refine((details) => JSON.stringify(details).length <= 8000),
      entity: z.string().max(512),
      source: z.string().max(100),
      priority: z.enum(['P1', 'P2', 'P3', 'P4', 'P5']),
      tags: z.array(z.string().max(50)).max(20),
    }),
    z.strictObject({ source: z.string().max(100), note: z.string().max(25_000) }),
  ]),
  status: 202,
  answer: '{"result":"Request will be processed","took":0.1,"requestId":"1"}',
}

const ntfy: Service = {
  path: /^\/$/,
  headers: z.looseObject({ authorization: z.literal('Bearer tk_secret') }),
  body: z
    .strictObject({
      topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/),
      title: z.string().optional(),
      message: z.string(),
      priority: z.int().min(1).max(5),
      tags: z.array(z.string()),
      click: httpsUrl.optional(),
    })
    .refine(({ message }) => Buffer.byteLength(message) <= 4096),
  status: 200,
  answer: '{"id":"1","event":"message"}',
}

const services = { slack, discord, teams, pagerduty, opsgenie, ntfy }

/** Name of a service that receives alerts. */
export type ServiceName = keyof typeof services

/** One request that a service accepted. */
export interface AcceptedRequest {
  readonly path: string
  readonly body: ReturnType<typeof JSON.parse>
}

/**
 * Starts a server on loopback that validates requests as the service documents them: 400 if one is not valid. Returns the requests that
 * it accepted, and what was wrong with the others.
 */
export async function startService(
  name: ServiceName,
): Promise<{ origin: string; accepted: AcceptedRequest[]; problems: string[] }> {
  const { path, headers = z.unknown(), body: schema, status, answer } = services[name]
  const accepted: AcceptedRequest[] = []
  const problems: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const isJson = request.headers['content-type']?.startsWith('application/json')
      const body = JSON.parse(Buffer.concat(chunks).toString())
      const issues = [headers.safeParse(request.headers), schema.safeParse(body)].flatMap(({ error }) => error?.issues ?? [])
      problems.push(...issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
      const isValid = request.method === 'POST' && path.test(request.url ?? '') && isJson && issues.length === 0
      if (isValid) accepted.push({ path: request.url ?? '', body })
      response.writeHead(isValid ? status : 400).end(isValid ? answer : 'invalid')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, accepted, problems }
}
