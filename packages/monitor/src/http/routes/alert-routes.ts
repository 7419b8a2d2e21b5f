import { Hono } from 'hono'
import type { AlertManager } from '../../alerts/manager.ts'

/** `GET /api/v1/alerts`: what lives, the rules with how their last evaluation went, and the last changes. */
export function alertRoutes(manager: AlertManager): Hono {
  return new Hono().get('/api/v1/alerts', (context) => {
    const statuses = new Map(manager.statuses.map((status) => [status.rule, status]))
    const rules = manager.rules.map((rule) => ({ ...rule, ...statuses.get(rule.name) }))
    return context.json({ alerts: manager.alerts(), rules, transitions: manager.transitions })
  })
}
