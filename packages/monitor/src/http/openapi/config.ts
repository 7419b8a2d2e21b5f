import { badRequest, choice, type EndpointGroup, json, list, object, ref, text } from './description.ts'
import { refusedBody, refusedChange } from './session.ts'

const anyValue = { type: ['string', 'number', 'boolean'] }

/** `/api/v1/config` and `/api/v1/settings`. */
export const configEndpoints: EndpointGroup = {
  paths: {
    '/api/v1/config': {
      get: {
        summary: 'Every option with its value and its source, and the settings that can be changed',
        responses: { 200: json(ref('Config'), 'The options and the settings') },
      },
    },
    '/api/v1/settings': {
      post: {
        summary: 'Change settings in all processes, until they end',
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { type: 'object', additionalProperties: anyValue } } },
        },
        responses: {
          200: json(ref('SettingsAnswer'), 'All settings as they are now'),
          400: badRequest,
          403: refusedChange,
          ...refusedBody,
        },
      },
    },
  },
  schemas: {
    ConfigOption: object({
      option: text(),
      'value?': {
        type: ['string', 'number', 'boolean', 'object'],
        description: 'secrets are `(secret)`; of an object or a function only a summary',
      },
      source: choice(['code', 'environment', 'default']),
      'variable?': text('its environment variable'),
      description: text(),
      allowed: text('the values that are allowed, in words'),
    }),
    RuntimeSetting: object({
      setting: text('name of the option'),
      value: anyValue,
      startValue: { ...anyValue, description: 'the value at the start' },
      allowed: text('the values that are allowed, in words'),
      description: text(),
      cost: text('what it costs, in words'),
    }),
    Config: object({ options: list(ref('ConfigOption')), settings: list(ref('RuntimeSetting')) }),
    SettingsAnswer: object({
      settings: list(ref('RuntimeSetting')),
      'unreached?': list(text(), 'processes that did not answer, in which nothing has changed, if there are any'),
    }),
  },
}
