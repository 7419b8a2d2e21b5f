// Receives webhooks of Alertmanager and prints one line per alert: time, status, severity, name and summary.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

createServer(async (request, response) => {
  try {
    const { alerts } = await json(request)
    for (const { status, labels, annotations } of alerts) {
      console.log(new Date().toISOString(), status, labels.severity, labels.alertname, annotations.summary)
    }
    response.writeHead(204).end()
  } catch {
    response.writeHead(400).end('expected a webhook message of Alertmanager\n')
  }
}).listen(process.env.PORT ?? 3000, function () {
  console.log('listening at port', this.address().port)
})
