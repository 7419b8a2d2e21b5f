// A receiver of Alertmanager's webhooks that writes a line for each alert: when, whether it fires or is over, and what it says.
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
    response.writeHead(400).end('a message of Alertmanager is expected\n')
  }
}).listen(process.env.PORT ?? 3000, function () {
  console.log('listening at port', this.address().port)
})
