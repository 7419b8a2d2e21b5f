import { Hono } from 'hono'
import { ConfigError } from '../../config/errors.ts'
import type { ExplainedConfigOption } from '../../config/explain.ts'
import type { RuntimeSetting } from '../../config/runtime-settings.ts'
import type { Logger } from '../../logger.ts'
import type { SettingsSource } from '../../processes/group-settings.ts'
import type { Access } from '../access.ts'
import { readObject } from '../json-body.ts'

export interface ConfigRoutesOptions {
  readonly explained: readonly ExplainedConfigOption[]
  readonly settings: SettingsSource<RuntimeSetting>
  readonly logger: Logger
}

/**
 * Creates `GET /api/v1/config`: every option with its value and its source, without secrets, and the settings that can be changed; and
 * `POST /api/v1/settings`, which changes them in all processes. 400 with every problem if a value is not valid; then nothing is changed.
 */
export function configRoutes({ explained, settings, logger }: ConfigRoutesOptions): Hono {
  const app = new Hono<Access>()
    .get('/api/v1/config', (context) => context.json({ options: explained, settings: settings.list() }))
    .post('/api/v1/settings', async (context) => {
      const read = await readObject(context)
      if ('refusal' in read) return read.refusal
      try {
        const unreached = await settings.adjust(read.body)
        context.set('change', read.body)
        if (unreached.length > 0) {
          logger.warn(
            { workers: unreached },
            'the settings were not changed in processes that did not answer: change them again when the health check `workers` is healthy',
          )
        }
        return context.json({ settings: settings.list(), ...(unreached.length > 0 && { unreached }) })
      } catch (error) {
        if (error instanceof ConfigError) return context.json({ error: error.problems.join('; ') }, 400)
        throw error
      }
    })
  return app as unknown as Hono
}
