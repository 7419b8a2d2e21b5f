import { choice, type EndpointGroup, integer, json, list, object, ref, text, timeMs } from './description.ts'

/** `/api/v1/workers`. */
export const workerEndpoints: EndpointGroup = {
  paths: {
    '/api/v1/workers': {
      get: {
        summary: 'The processes and threads whose metrics are added up here',
        responses: { 200: json(ref('WorkersAnswer'), 'The workers; none if there is only this process') },
      },
    },
  },
  schemas: {
    Worker: object({
      worker: text('the value of the label `worker`'),
      pid: integer(),
      'thread?': integer('left out for the main thread'),
      state: choice(['current', 'late'], '`late`: it has not answered the last collection'),
      lastAnswerMs: timeMs('when it answered last'),
    }),
    WorkersAnswer: object({ workers: list(ref('Worker')) }),
  },
}
