import { conditionNames } from '../../alerts/conditions.ts'
import { severities } from '../../alerts/rule.ts'
import {
  boolean,
  choice,
  type EndpointGroup,
  integer,
  type JsonSchema,
  json,
  list,
  number,
  object,
  plainText,
  record,
  ref,
  text,
  timeMs,
} from './description.ts'

const stateName = choice(['inactive', 'pending', 'firing', 'resolved'])

const conditionFields = {
  condition: choice(conditionNames),
  metric: text(),
  'of?': text('metric that `metric` is divided by'),
  'where?': ref('Labels'),
  'by?': list(text(), 'labels by which series are added up'),
  'windowMs?': integer('window of a rate, quantile or forecast, in milliseconds'),
  'quantile?': number('0.99 is the 99th percentile'),
  'aheadMs?': integer('how far ahead a forecast looks, in milliseconds'),
  'threshold?': number('in the unit of the metric'),
}

/** The fields of an alert rule. */
export const ruleFields: Readonly<Record<string, JsonSchema>> = {
  ...conditionFields,
  name: text(),
  severity: choice(severities),
  'durationMs?': integer('how long the condition must hold before the alert fires, in milliseconds'),
  'keepFiringForMs?': integer('how long the alert keeps firing after the condition stopped holding, in milliseconds'),
  'clearThreshold?': number('replaces `threshold` while the alert fires'),
  'onlyIf?': object(conditionFields, 'a second condition that must hold for the same labels'),
  'onlyIfBy?': list(text(), 'the labels that are compared with those of `onlyIf`'),
  'noData?': choice(['resolve', 'keep', 'alert']),
  'onError?': choice(['keep', 'alert']),
  'labels?': ref('Labels'),
  'annotations?': ref('Labels'),
  'runbookUrl?': text(),
}

/** `/api/v1/alerts` and the runbook that alerts refer to. */
export const alertEndpoints: EndpointGroup = {
  paths: {
    '/api/v1/alerts': {
      get: {
        summary: 'Alerts that are pending, firing or were resolved in the last 15 minutes',
        responses: { 200: json(ref('AlertsAnswer'), 'The alerts, the rules and the last state changes') },
      },
    },
    '/runbook': {
      get: {
        summary: 'What each default alert and each health check means, and what to do',
        responses: { 200: plainText('The runbook', 'text/markdown') },
      },
    },
  },
  schemas: {
    Labels: record(text(), 'Names and values that tell series or alerts apart.'),
    AlertState: object({
      name: choice(['pending', 'firing', 'resolved']),
      activeAtMs: timeMs('when the condition began to hold'),
      'firedAtMs?': timeMs('when it fired'),
      'resolvedAtMs?': timeMs('when it was resolved'),
      'keepFiringSinceMs?': timeMs('since when it fires only because of `keepFiringForMs`'),
    }),
    Alert: object({
      rule: text('name of its rule'),
      labels: ref('Labels'),
      annotations: ref('Labels'),
      state: ref('AlertState'),
      'value?': ref('JsonValue'),
      'isNoData?': boolean('whether it is about missing data'),
    }),
    EvaluatedRule: object({
      ...ruleFields,
      rule: text('as `name`'),
      'evaluatedAtMs?': timeMs('when it was evaluated last'),
      'error?': text('why the last evaluation failed'),
      hasMatched: boolean('whether it has found a series since the start'),
    }),
    AlertTransition: object({ atMs: timeMs(), from: stateName, to: stateName, alert: ref('Alert') }),
    AlertsAnswer: object({
      alerts: list(ref('Alert')),
      rules: list(ref('EvaluatedRule')),
      transitions: list(ref('AlertTransition'), 'the last 1000, oldest first'),
    }),
  },
}
