// Some requests a second to each of these services: orders are placed, looked at and listed, and one in twenty is not there.
const services = process.argv.slice(2)
const orders = 10_000

const anyOf = (count) => Math.floor(Math.random() * count)

async function ask(url, init) {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5000) })
  await response.arrayBuffer()
}

for (;;) {
  for (const service of services) {
    const id = anyOf(orders)
    const body = JSON.stringify({ amount: anyOf(1000), note: 'x'.repeat(anyOf(500)) })
    try {
      await ask(`${service}/orders/${id}`, { method: 'PUT', body })
      await ask(`${service}/orders/${anyOf(20) === 0 ? 'missing' : id}`)
      await ask(`${service}/orders?after=${anyOf(orders)}`)
    } catch {
      // It is being started or stopped: the next round asks again.
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
}
