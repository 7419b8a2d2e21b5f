import { expect, test } from 'vitest'
import { expandTemplate, validateTemplate } from './template.ts'

const data = { labels: { store: 'orders' }, value: 0.25 }

test.each([
  ['{{ labels.store }}: {{ value }}', 'orders: 0.25'],
  ['{{value|percent}} of {{ value | bytes }} in {{  value  |  duration  }}', '25% of 0.25 B in 250 ms'],
  ['{{ labels.missing }}.', '.'],
  ['a } b }} c { d', 'a } b }} c { d'],
])('%s becomes %s', (template, expected) => {
  expect(validateTemplate(template)).toEqual([])
  expect(expandTemplate(template, data)).toBe(expected)
})

test.each([
  ...[
    '{{ value | __proto__ }}',
    '{{ value | constructor }}',
    '{{ value | toString }}',
    '{{ value | }}',
    '{{ value | percent | bytes }}',
  ],
  ...[
    '{{ labels.store | percent }}',
    '{{ labels. }}',
    '{{ labels }}',
    '{{}}',
    '{{ process.env.HOME }}',
    '{{ a } }}',
    '{{ {{ value }}',
  ],
])('%s is rejected, and stays as it is', (template) => {
  expect(validateTemplate(template)).toEqual([template])
  expect(expandTemplate(template, data)).toBe(template)
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('the label %s is none if the series has none', (name) => {
  expect(expandTemplate(`[{{ labels.${name} }}]`, data)).toBe('[]')
})

test('a placeholder without its end is rejected', () => {
  expect(validateTemplate('a {{ value }} b {{ value')).toEqual([' b {{ value'])
})

test('what is longer than 4096 characters is cut', () => {
  const labels = { store: 'x'.repeat(5000) }
  const expanded = expandTemplate('{{ labels.store }}'.repeat(10_000), { labels, value: 1 })
  expect(expanded).toHaveLength(4096)
  expect(expanded.at(-1)).toBe('…')
})

test.each(['{{', '{{ ', '{{ value', '{{ value |', '}}{{', '{{ value }}'])(
  '%s a hundred thousand times is read in one pass',
  (text) => {
    const template = text.repeat(100_000)
    // In quadratic time each of them would take minutes.
    validateTemplate(template)
    expect(expandTemplate(template, data).length).toBeLessThanOrEqual(4096)
  },
)
