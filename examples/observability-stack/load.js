// Sends requests to each of these services: orders are placed, read and listed, and one read in twenty is of a missing order.
const services = process.argv.slice(2)
const orders = 10_000

const randomBelow = (count) => Math.floor(Math.random() * count)

async function send(url, init) {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5000) })
  await response.arrayBuffer()
}

for (;;) {
  for (const service of services) {
    const id = randomBelow(orders)
    const body = JSON.stringify({ amount: randomBelow(1000), note: 'x'.repeat(randomBelow(500)) })
    try {
      await send(`${service}/orders/${id}`, { method: 'PUT', body })
      await send(`${service}/orders/${randomBelow(20) === 0 ? 'missing' : id}`)
      await send(`${service}/orders?after=${randomBelow(orders)}`)
    } catch {
      // The service is starting or stopping: try again in the next round.
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
}
