import { conditionNames } from '../../alerts/conditions.ts'
import { severities } from '../../alerts/rule.ts'
import {
  badRequest,
  boolean,
  choice,
  type EndpointGroup,
  failure,
  integer,
  type JsonSchema,
  json,
  list,
  number,
  object,
  pathParameter,
  plainText,
  query,
  record,
  ref,
  requiredQuery,
  text,
  timeMs,
} from './description.ts'
import { refusedBody, refusedChange } from './session.ts'

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
    '/api/v1/rules': {
      get: {
        summary: 'Every alert rule with its state',
        responses: { 200: json(ref('RulesAnswer'), 'The rules') },
      },
    },
    '/api/v1/rules/{name}/values': {
      get: {
        summary: 'What a rule compares with its threshold, over time',
        parameters: [
          pathParameter('name', "a rule's name"),
          requiredQuery('start', 'Unix time in milliseconds, or a time before now such as `-1h`'),
          query('end', 'as `start` (default: now)'),
          requiredQuery('step', 'time between two points, such as `1m`'),
          query('align', '`true`: the points lie at multiples of `step`', choice(['true', 'false'])),
        ],
        responses: {
          200: json(ref('RuleValues'), 'The values, as the evaluation of the rule computes them'),
          400: badRequest,
          404: failure('There is no such rule.'),
        },
      },
    },
    '/api/v1/silences': {
      get: {
        summary: 'The silences that last',
        responses: {
          200: json(ref('SilencesAnswer'), 'The silences, the one that ends first at the beginning'),
        },
      },
      post: {
        summary: 'Withhold the notifications of some alerts for some time',
        description: 'They are evaluated as before. What still fires when the silence ends is notified then.',
        requestBody: { required: true, content: { 'application/json': { schema: ref('NewSilence') } } },
        responses: { 201: json(ref('Silence'), 'The silence'), 400: badRequest, 403: refusedChange, ...refusedBody },
      },
    },
    '/api/v1/silences/{id}': {
      delete: {
        summary: 'End a silence',
        parameters: [pathParameter('id', "a silence's id")],
        responses: { 204: { description: 'Ended' }, 403: refusedChange, 404: failure('There is no such silence.') },
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
      'silencedUntilMs?': timeMs('until when its notifications are withheld'),
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
      notifications: list(ref('NotificationRecord'), 'the last 200, newest first'),
    }),
    NotificationRecord: object({
      atMs: timeMs(),
      notifier: text(),
      rule: text(),
      result: choice(['sent', 'failed', 'dropped', 'silenced'], '`failed`: it is tried again'),
      'reason?': text('why it failed or was dropped'),
    }),
    Rule: object({
      ...ruleFields,
      rule: text('as `name`'),
      state: choice(['firing', 'pending', 'inactive']),
      alerts: integer('alerts that fire or are pending'),
      'evaluatedAtMs?': timeMs('when it was evaluated last'),
      'error?': text('why the last evaluation failed'),
      hasMatched: boolean('whether it has found a series since the start'),
      'unit?': text('of what it compares with its threshold, in UCUM'),
    }),
    RulesAnswer: object({ rules: list(ref('Rule')) }),
    RuleSeries: object({ labels: ref('Labels'), points: list(ref('RangePoint')) }),
    RuleValues: object({
      rule: text(),
      'threshold?': number(),
      'clearThreshold?': number('replaces `threshold` while the alert fires'),
      'direction?': choice(['above', 'below'], 'on which side of the threshold the condition holds'),
      'unit?': text('in UCUM'),
      startMs: timeMs(),
      endMs: timeMs(),
      stepMs: number(),
      series: list(ref('RuleSeries')),
    }),
    NewSilence: object({
      matchers: ref('Labels'),
      durationSeconds: number('from 1 s to 30 days'),
      'comment?': text(),
    }),
    Silence: object({
      id: text(),
      matchers: ref('Labels'),
      startMs: timeMs(),
      endMs: timeMs(),
      'comment?': text(),
      alerts: integer('alerts that it matches now, firing or pending'),
    }),
    SilencesAnswer: object({ silences: list(ref('Silence')) }),
  },
}
